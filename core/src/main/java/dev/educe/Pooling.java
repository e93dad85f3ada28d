package dev.educe;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;

/// How the states of a text's tokens become one vector.
public enum Pooling {
  /// Their mean.
  MEAN,
  /// The first one's.
  CLS,
  /// The last one's.
  LAST;

  /// What a model's file says, in `ARCHITECTURE.pooling_type`; the mean if it says nothing.
  ///
  /// Source: `enum llama_pooling_type` of llama.cpp.
  ///
  /// @throws UnsupportedModelException if the model gives no vectors, or the value is unknown
  /// @throws ModelFormatException if the value is no integer
  static Pooling of(Metadata metadata) throws ModelFormatException {
    String key = metadata.string("general.architecture") + ".pooling_type";
    int type = (int) metadata.findInteger(key).orElse(1);
    return switch (type) {
      case 0, 1 -> MEAN; // 0 leaves it to who asks
      case 2 -> CLS;
      case 3 -> LAST;
      case 4 ->
          throw new UnsupportedModelException(
              metadata.source() + " ranks pairs of texts and gives no vectors");
      default ->
          throw new UnsupportedModelException(
              "%s: %s is %d; known are 0 to 3".formatted(metadata.source(), key, type));
    };
  }
}
