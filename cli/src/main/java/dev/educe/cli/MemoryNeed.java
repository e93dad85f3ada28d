package dev.educe.cli;

import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.kernels.KvType;
import java.util.Arrays;
import java.util.OptionalLong;

/// How much memory a model takes, as far as its file says: weights, and the KV cache of one
/// context.
///
/// @param weights bytes of all tensors
/// @param kvHeads KV heads of all layers together; 0 if unknown, or beyond reason
/// @param keySize channels of a key's head
/// @param valueSize channels of a value's head
/// @param contextLength tokens that are counted; 0 if unknown
record MemoryNeed(long weights, long kvHeads, long keySize, long valueSize, long contextLength) {
  /// @param contextLength 0 takes the model's own
  /// @throws ModelFormatException if a key has the wrong type
  static MemoryNeed of(Gguf gguf, long contextLength) throws ModelFormatException {
    var metadata = gguf.metadata();
    String prefix = metadata.findString("general.architecture").orElse("") + ".";
    long weights = gguf.tensors().stream().mapToLong(TensorEntry::bytes).sum();
    long own = metadata.findInteger(prefix + "context_length").orElse(0);
    long context = Math.max(0, contextLength == 0 ? own : contextLength);
    long layers = metadata.findInteger(prefix + "block_count").orElse(0);
    long hidden = metadata.findInteger(prefix + "embedding_length").orElse(0);
    String headsKey = prefix + "attention.head_count";
    var found = metadata.find(headsKey);
    long heads = found.isPresent() ? found.get().asInteger().orElse(0) : 0;
    if (heads <= 0 || layers <= 0) {
      return new MemoryNeed(weights, 0, 0, 0, context);
    }
    long headSize = hidden / heads;
    long keySize = metadata.findInteger(prefix + "attention.key_length").orElse(headSize);
    long valueSize = metadata.findInteger(prefix + "attention.value_length").orElse(headSize);
    long kvHeads = kvHeads(metadata, headsKey + "_kv", layers, heads);
    return new MemoryNeed(weights, kvHeads, keySize, valueSize, context);
  }

  /// Bytes of the KV cache of one context, if the file says enough.
  OptionalLong kvBytes(KvType type) {
    try {
      int key = Math.toIntExact(keySize);
      int value = Math.toIntExact(valueSize);
      long tokenBytes = Math.multiplyExact(kvHeads, type.bytes(key) + type.bytes(value));
      long bytes = Math.multiplyExact(tokenBytes, contextLength);
      return bytes > 0 ? OptionalLong.of(bytes) : OptionalLong.empty();
    } catch (ArithmeticException e) {
      // A damaged file may claim any numbers; there is nothing sensible to show then.
      return OptionalLong.empty();
    }
  }

  /// KV heads of all layers together; the key may hold one number for all or one for each.
  private static long kvHeads(Metadata metadata, String key, long layers, long heads) {
    var value = metadata.find(key);
    try {
      if (value.isPresent() && value.get().asIntegers().isPresent()) {
        return Arrays.stream(value.get().asIntegers().get()).reduce(0, Math::addExact);
      }
      long each = value.isPresent() ? value.get().asInteger().orElse(heads) : heads;
      return Math.multiplyExact(layers, each);
    } catch (ArithmeticException e) {
      return 0;
    }
  }
}
