"""Checks ONNX files by ONNX's own checker, types and shapes included, and opens each in ONNX Runtime.

    UNROLLED_ONNX_FILES=FOLDER npx vitest run test/onnx
    python3 tools/check_onnx.py FOLDER

Needs onnx and onnxruntime.
"""

import sys
from collections import Counter
from pathlib import Path

import onnx
import onnxruntime


def names(graph):
    """Every operator of a graph and of its bodies."""
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from names(attribute.g)


def main(folder):
    files = sorted(Path(folder).glob("*.onnx"))
    operators = Counter()
    for path in files:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        operators.update(set(names(model.graph)))
    print(f"{len(files)} files checked by onnx {onnx.__version__}, opened by ONNX Runtime {onnxruntime.__version__}")
    print(", ".join(f"{name} in {count}" for name, count in sorted(operators.items())))


if __name__ == "__main__":
    main(sys.argv[1])
