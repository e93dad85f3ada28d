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
/// @param elementsPerToken keys and values that one token leaves in all layers; 0 if unknown
/// @param contextLength tokens that are counted; 0 if unknown
record MemoryNeed(long weights, long elementsPerToken, long contextLength) {
  /// @param contextLength 0 takes the model's own
  /// @throws ModelFormatException if a key has the wrong type
  static MemoryNeed of(Gguf gguf, long contextLength) throws ModelFormatException {
    var metadata = gguf.metadata();
    String prefix = metadata.findString("general.architecture").orElse("") + ".";
    long own = metadata.findInteger(prefix + "context_length").orElse(0);
    return new MemoryNeed(
        gguf.tensors().stream().mapToLong(TensorEntry::bytes).sum(),
        Math.max(0, elementsPerToken(metadata, prefix)),
        Math.max(0, contextLength == 0 ? own : contextLength));
  }

  /// Bytes of the KV cache of one context, if the file says enough.
  OptionalLong kvBytes(KvType type) {
    if (elementsPerToken == 0 || contextLength == 0) {
      return OptionalLong.empty();
    }
    try {
      long elements = Math.multiplyExact(elementsPerToken, contextLength);
      return OptionalLong.of(Math.multiplyExact(elements, type.bytes()));
    } catch (ArithmeticException e) {
      // A damaged file may claim any numbers; there is nothing sensible to show then.
      return OptionalLong.empty();
    }
  }

  private static long elementsPerToken(Metadata metadata, String prefix)
      throws ModelFormatException {
    long layers = metadata.findInteger(prefix + "block_count").orElse(0);
    long hidden = metadata.findInteger(prefix + "embedding_length").orElse(0);
    String headsKey = prefix + "attention.head_count";
    if (metadata.find(headsKey).isEmpty() || metadata.find(headsKey).get().asInteger().isEmpty()) {
      return 0;
    }
    long heads = metadata.integer(headsKey);
    if (heads <= 0 || layers <= 0) {
      return 0;
    }
    long headSize = hidden / heads;
    long keySize = metadata.findInteger(prefix + "attention.key_length").orElse(headSize);
    long valueSize = metadata.findInteger(prefix + "attention.value_length").orElse(headSize);
    try {
      long kvHeads = kvHeads(metadata, headsKey + "_kv", layers, heads);
      return Math.multiplyExact(kvHeads, Math.addExact(keySize, valueSize));
    } catch (ArithmeticException e) {
      return 0;
    }
  }

  /// KV heads of all layers together; the key may hold one number for all or one for each.
  private static long kvHeads(Metadata metadata, String key, long layers, long heads) {
    var value = metadata.find(key);
    if (value.isPresent() && value.get().asIntegers().isPresent()) {
      return Arrays.stream(value.get().asIntegers().get()).reduce(0, Math::addExact);
    }
    long each = value.isPresent() ? value.get().asInteger().orElse(heads) : heads;
    return Math.multiplyExact(layers, each);
  }
}
