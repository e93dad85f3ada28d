package dev.educe.optimize.quantize;

/// Turns blocks of elements into one quantized format: first the scales of many blocks at once,
/// then the code of each element, then the bytes.
///
/// Holds scratch memory: each thread has its own.
interface BlockEncoder {
  /// The elements that scales are searched for, in parts that share one.
  Blocks blocks();

  /// How many parts a block of the format has.
  int parts();

  /// Finds scales for what [#blocks] hold.
  void search();

  /// Rounds an element to the nearest value that its block's scales allow, and notes the code.
  ///
  /// @param element of the block, from 0
  /// @return the value
  float round(int block, int element, float x);

  /// Writes a block all of whose elements were rounded.
  void write(int block, byte[] target, int at);

  /// How many blocks are held at once.
  default int blocksMax() {
    return Blocks.LANES / parts();
  }
}
