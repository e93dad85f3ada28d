package dev.educe.kernels;

/// Chooses the kernels of this machine and says in one line what it chose and why not the better
/// one.
public final class KernelSelector {
  private KernelSelector() {}
}
