"""Models that trade: policies as ONNX files, and what such a file says of itself.

Running a model needs onnxruntime alone; exporting one needs the extra `rl`.
"""

from .card import ActionForm, Card
from .export import contract_of, export_policy, load_policy
from .onnx_model import OnnxModel

__all__ = ["ActionForm", "Card", "OnnxModel", "contract_of", "export_policy", "load_policy"]
