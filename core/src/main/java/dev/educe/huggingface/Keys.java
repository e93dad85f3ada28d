package dev.educe.huggingface;

import dev.educe.format.MetadataValue;
import java.util.LinkedHashMap;
import java.util.Map;

/// Collects a GGUF file's keys and values, in the order in which they are put.
final class Keys {
  private final Map<String, MetadataValue> values = new LinkedHashMap<>();
  private final String prefix;

  /// @param prefix put before keys that do not begin with `general.` or `tokenizer.`
  Keys(String prefix) {
    this.prefix = prefix;
  }

  Keys put(String key, long value) {
    return put(key, new MetadataValue.Int(MetadataValue.IntType.UINT32, value));
  }

  Keys put(String key, double value) {
    return put(key, new MetadataValue.Number(false, (float) value));
  }

  Keys put(String key, boolean value) {
    return put(key, new MetadataValue.Flag(value));
  }

  Keys put(String key, String value) {
    return put(key, new MetadataValue.Text(value));
  }

  Keys put(String key, MetadataValue value) {
    boolean isWhole = key.startsWith("general.") || key.startsWith("tokenizer.");
    values.put(isWhole ? key : prefix + key, value);
    return this;
  }

  Map<String, MetadataValue> values() {
    return values;
  }
}
