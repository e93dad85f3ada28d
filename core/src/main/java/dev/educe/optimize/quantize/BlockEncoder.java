package dev.educe.optimize.quantize;

/// Turns elements into blocks of one format. Holds scratch memory: each thread has its own.
interface BlockEncoder {
  /// Encodes consecutive blocks.
  ///
  /// @param rows whole rows, one behind the other
  /// @param from the first block's first element
  /// @param blocks how many of the format's blocks, at most [#blocksMax]
  /// @param importance weight of each column
  /// @param at where the first block goes in `target`
  void encode(float[] rows, int from, int blocks, float[] importance, byte[] target, int at);

  /// How many blocks a call takes at most.
  int blocksMax();
}
