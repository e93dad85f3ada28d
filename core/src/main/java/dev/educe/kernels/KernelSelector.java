package dev.educe.kernels;

/// Chooses the kernels of this machine and says in one line what it chose and why not the better
/// one.
public final class KernelSelector {
  static final String BITS_PROPERTY = "educe.kernels.bits";

  private KernelSelector() {}

  static String badBits(String value) {
    return "-D" + BITS_PROPERTY + " must be 128, 256 or 512, got " + value;
  }
}
