package dev.educe.format;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;

/// A tensor's line in a file's directory; the reader has checked that its bytes are there.
///
/// @param name canonical names are GGUF's: `blk.0.attn_q.weight`
/// @param shape outermost dimension first: `[rows, columns]`, `[experts, rows, columns]`
/// @param offset of its first byte, from the start of the file
/// @param bytes its size in the file
public record TensorEntry(String name, DType type, Shape shape, long offset, long bytes) {}
