package dev.educe.kernels;

/// How keys and values are stored in the cache.
public enum KvType {
  F32(4),
  F16(2);

  private final int bytes;

  KvType(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of an element.
  public int bytes() {
    return bytes;
  }
}
