package dev.educe.kernels.codegen;

import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import java.util.List;
import java.util.Optional;

/// How one weight format becomes unsigned bytes and scales: all that a format says of itself.
///
/// A block of 32 columns has eight *groups* of four; a group is a vector whose 32-bit lanes hold
/// four columns of one row each. The emitter asks for the groups one by one and multiplies them
/// with the activations; then the format says how the block's sum is scaled.
interface Unpack {
  /// Every quantized format there is a kernel for.
  List<Unpack> ALL =
      List.of(
          new UnpackQ4_0(),
          new UnpackQ4_1(),
          new UnpackQ5_0(),
          new UnpackQ5_1(),
          new UnpackQ8_0(),
          new UnpackQ2_K(),
          new UnpackQ3_K(),
          new UnpackQ4_K(),
          new UnpackQ5_K(),
          new UnpackQ6_K(),
          new UnpackIQ4_NL(),
          new UnpackIQ4_XS(),
          new UnpackMXFP4());

  /// The format.
  DType type();

  /// The largest unsigned weight. Above 64, which sums of 16 bits cannot take, the excess must be
  /// 128.
  int weightMax();

  /// What each unsigned weight exceeds the weight by.
  default int excess() {
    return 0;
  }

  /// Whether columns 0 to 15 and 16 to 31 have scales of their own.
  default boolean hasHalves() {
    return false;
  }

  /// Whether the sums of the activations are needed, for mins or offsets.
  default boolean hasMins() {
    return false;
  }

  /// Blocks that differ in how they are read and so are written one behind the other.
  default int blocksPerPass() {
    return 1;
  }

  /// Bytes from the sub-scales of one block to those of the next.
  default int subScaleStride(PanelLayout layout) {
    return layout.subScaleBytes();
  }

  /// Bytes from one pass to the next in a second area of sub-scales, which lies behind the first; 0
  /// without one.
  default int moreSubScaleStride() {
    return 0;
  }

  /// Takes and loads the registers that keep their value throughout the kernel.
  void constants(MatrixEmitter k);

  /// Registers of [#constants].
  int constantCount();

  /// Puts the unsigned weights of group `group` into `w`.
  void group(MatrixEmitter k, int group, Vec w);

  /// Adds the block's sum to the result, scaled.
  ///
  /// @param half 0, or 1 for the second half where there are halves
  void scale(MatrixEmitter k, int half);

  /// The format's kernel part, if there is one.
  static Optional<Unpack> find(DType type) {
    return ALL.stream().filter(unpack -> unpack.type() == type).findFirst();
  }
}
