"""Numbers as people read them."""

from html import escape

UNKNOWN = "–"


def duration(seconds: float) -> str:
    """A length of time.

    Examples
    --------
    >>> duration(0.25), duration(90), duration(7200)
    ('250 ms', '1.5 min', '2 h')
    """
    if seconds != seconds:
        return UNKNOWN
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds * 1e3:.3g} ms"


def count(value: float) -> str:
    """A whole number with thousands separators.

    Examples
    --------
    >>> count(1234567), count(float("nan"))
    ('1,234,567', '–')
    """
    return f"{value:,.0f}" if value == value else UNKNOWN


def short(value: float) -> str:
    """A number in three digits and a letter.

    Examples
    --------
    >>> short(81_234_567), short(950), short(12_345)
    ('81.2 M', '950', '12.3 k')
    """
    if value != value:
        return UNKNOWN
    for letter, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size * 0.9995:
            return f"{_three_digits(value / size)} {letter}"
    return _three_digits(value)


def _three_digits(value: float) -> str:
    decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(value: float, decimals: int = 2) -> str:
    """A price with as many decimals as its tick size has.

    Examples
    --------
    >>> price(1234.5), price(0.0325, 4)
    ('1,234.50', '0.0325')
    """
    return decimal(value, decimals)


def percent(value: float, decimals: int = 1, sign: bool = False) -> str:
    """A share as a percentage.

    Examples
    --------
    >>> percent(0.0123, 2, sign=True)
    '+1.23%'
    """
    if value != value:
        return UNKNOWN
    return f"{value:{'+' if sign else ''}.{decimals}%}"


def decimal(value: float, decimals: int = 2) -> str:
    """A number with a fixed number of decimals."""
    return f"{value:,.{decimals}f}" if value == value else UNKNOWN


def text(value: object) -> str:
    """Text safe inside HTML and its attributes."""
    return escape(str(value), quote=True)
