"""What agents are worth."""

from ._jit import kernel


@kernel
def value_agents(ledger, agents, last, out, at):
    """Write kind, cash, position value and equity of some agents into `out` from row `at` on.

    Parameters
    ----------
    ledger : Ledger
    agents : int64 (n,)      agent rows of the first environment
    last : int64 (symbols,)  price that positions are valued at [1e-4]
    out : Equity             its tick and time stay as they are
    at : int
    """
    accounts, qty = ledger.accounts, ledger.positions.qty
    for i in range(agents.shape[0]):
        row = agents[i]
        value = 0
        for symbol in range(last.shape[0]):
            value += qty[row, symbol] * last[symbol]
        k = at + i
        out.agent[k] = row
        out.kind[k] = accounts.kind[row]
        out.cash[k] = accounts.cash[row]
        out.position_value[k] = value
        out.equity[k] = accounts.cash[row] + value
