package dev.educe.optimize.prune;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flags;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Nested;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Texts;
import dev.educe.format.ModelFormatException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// What a file says of itself once parts are cut out: counts, lists with an element for each layer
/// or token, and ids of tokens.
final class CutMetadata {
  private static final String TOKENIZER = "tokenizer.ggml.";
  private static final String MERGES = TOKENIZER + "merges";

  // What these say is of the whole model.
  private static final Set<String> STALE = Set.of("general.size_label", "general.parameter_count");

  private final Metadata metadata;
  private final Cut cut;
  private final String prefix; // of the architecture's keys
  private final int layers;

  private CutMetadata(Metadata metadata, Cut cut) throws ModelFormatException {
    this.metadata = metadata;
    this.cut = cut;
    this.prefix = metadata.string("general.architecture") + ".";
    this.layers = (int) metadata.integer(prefix + "block_count");
  }

  /// @param fileType of the result, by llama.cpp's number; negative for that of the original
  static Map<String, MetadataValue> of(Metadata metadata, Cut cut, int fileType)
      throws ModelFormatException {
    var values = new CutMetadata(metadata, cut).values();
    if (fileType >= 0) {
      values.computeIfPresent("general.file_type", (_, value) -> integer(value, fileType));
    }
    return values;
  }

  private Map<String, MetadataValue> values() throws ModelFormatException {
    var values = new LinkedHashMap<String, MetadataValue>();
    for (String key : metadata.keys()) {
      if (!STALE.contains(key)) {
        values.put(key, value(key, metadata.find(key).orElseThrow()));
      }
    }
    return values;
  }

  private MetadataValue value(String key, MetadataValue value) throws ModelFormatException {
    if (key.startsWith(TOKENIZER) && cut.tokens().isPresent()) {
      return tokenizerValue(key, value, cut.tokens().get());
    }
    if (!key.startsWith(prefix)) {
      return value;
    }
    return switch (key.substring(prefix.length())) {
      case "block_count" -> integer(value, cut.layers().size());
      case "vocab_size" ->
          cut.tokens().isEmpty() ? value : integer(value, cut.tokens().get().length);
      case "feed_forward_length", "expert_feed_forward_length" -> widths(perLayer(value));
      default -> perLayer(value);
    };
  }

  private MetadataValue widths(MetadataValue value) {
    return switch (value) {
      case Ints(var type, var widths) ->
          new Ints(type, Arrays.stream(widths).map(this::width).toArray());
      case Int(var _, var width) -> integer(value, width(width));
      default -> value;
    };
  }

  /// Where the width of experts is not given, it is a whole part of what is.
  private long width(long width) {
    int before = cut.unitsBefore();
    if (before == 0 || width % before != 0) {
      return width;
    }
    return width / before * cut.units().get(cut.layers().getFirst())[0].length;
  }

  private MetadataValue perLayer(MetadataValue value) {
    int[] kept = cut.layers().stream().mapToInt(layer -> layer).toArray();
    return count(value) == layers ? chosen(value, kept) : value;
  }

  private MetadataValue tokenizerValue(String key, MetadataValue value, int[] tokens)
      throws ModelFormatException {
    int known = metadata.findStrings(TOKENIZER + "tokens").orElseThrow().size();
    if (key.equals(MERGES)) {
      return merges(metadata.findStrings(MERGES).orElseThrow(), tokens);
    }
    if (key.endsWith("_token_id") && value.asInteger().isPresent()) {
      long id = newId(value.asInteger().getAsLong(), tokens);
      return id < 0 ? value : integer(value, id);
    }
    if (key.endsWith("_token_ids") && value instanceof Ints(var type, var ids)) {
      return new Ints(type, Arrays.stream(ids).map(id -> newId(id, tokens)).toArray());
    }
    return count(value) == known ? chosen(value, tokens) : value;
  }

  /// Special tokens are always kept; what is no token, as -1, stays what it is.
  private static long newId(long id, int[] tokens) {
    return id < 0 || id > Integer.MAX_VALUE ? id : Arrays.binarySearch(tokens, (int) id);
  }

  /// The merges that make something which is kept from what is kept.
  private MetadataValue merges(List<String> merges, int[] tokens) throws ModelFormatException {
    var pieces = metadata.findStrings(TOKENIZER + "tokens").orElseThrow();
    var kept = new HashSet<String>();
    Arrays.stream(tokens).mapToObj(pieces::get).forEach(kept::add);
    return new Texts(
        merges.stream()
            .filter(merge -> {
              int gap = merge.indexOf(' ', 1);
              return gap > 0
                  && kept.contains(merge.substring(0, gap))
                  && kept.contains(merge.substring(gap + 1))
                  && kept.contains(merge.substring(0, gap) + merge.substring(gap + 1));
            })
            .toList());
  }

  private static MetadataValue integer(MetadataValue like, long value) {
    return like instanceof Int(var type, var _)
        ? new Int(type, value)
        : new Int(MetadataValue.IntType.UINT32, value);
  }

  /// Elements of an array; -1 for anything else.
  private static int count(MetadataValue value) {
    return switch (value) {
      case Ints(var _, var values) -> values.length;
      case Numbers(var _, var values) -> values.length;
      case Flags(var values) -> values.length;
      case Texts(var values) -> values.size();
      case Nested(var values) -> values.size();
      case Int _, MetadataValue.Number _, MetadataValue.Flag _, MetadataValue.Text _ -> -1;
    };
  }

  private static MetadataValue chosen(MetadataValue array, int[] indices) {
    return switch (array) {
      case Ints(var type, var values) ->
          new Ints(type, Arrays.stream(indices).mapToLong(i -> values[i]).toArray());
      case Numbers(var isDouble, var values) ->
          new Numbers(isDouble, Arrays.stream(indices).mapToDouble(i -> values[i]).toArray());
      case Flags(var values) -> {
        var flags = new boolean[indices.length];
        IntStream.range(0, flags.length).forEach(i -> flags[i] = values[indices[i]]);
        yield new Flags(flags);
      }
      case Texts(var values) -> new Texts(Arrays.stream(indices).mapToObj(values::get).toList());
      case Nested(var values) -> new Nested(Arrays.stream(indices).mapToObj(values::get).toList());
      case Int _, MetadataValue.Number _, MetadataValue.Flag _, MetadataValue.Text _ -> array;
    };
  }
}
