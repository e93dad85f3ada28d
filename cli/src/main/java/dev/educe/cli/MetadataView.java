package dev.educe.cli;

import dev.educe.format.MetadataValue;
import dev.educe.format.MetadataValue.Flag;
import dev.educe.format.MetadataValue.Flags;
import dev.educe.format.MetadataValue.Int;
import dev.educe.format.MetadataValue.IntType;
import dev.educe.format.MetadataValue.Ints;
import dev.educe.format.MetadataValue.Nested;
import dev.educe.format.MetadataValue.Number;
import dev.educe.format.MetadataValue.Numbers;
import dev.educe.format.MetadataValue.Text;
import dev.educe.format.MetadataValue.Texts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Metadata values as people and programs see them: long arrays by their first elements.
final class MetadataView {
  private static final int TEXT_CHARACTERS_MAX = 72;
  private static final int LINE_ELEMENTS_MAX = 6;
  private static final int JSON_ELEMENTS_MAX = 32;

  private MetadataView() {}

  /// The value on one line.
  static String line(MetadataValue value) {
    return switch (value) {
      case Int(var type, var number) -> integer(type, number);
      case Number(var isDouble, var number) -> number(isDouble, number).toString();
      case Flag(var flag) -> String.valueOf(flag);
      case Text(var text) -> Display.quoted(text, TEXT_CHARACTERS_MAX);
      case Texts(var texts) ->
          line(texts.size(), i -> Display.quoted(texts.get(i), TEXT_CHARACTERS_MAX));
      case Ints(var type, var numbers) -> line(numbers.length, i -> integer(type, numbers[i]));
      case Numbers(var isDouble, var numbers) ->
          line(numbers.length, i -> number(isDouble, numbers[i]).toString());
      case Flags(var flags) -> line(flags.length, i -> String.valueOf(flags[i]));
      case Nested(var values) -> line(values.size(), i -> line(values.get(i)));
    };
  }

  /// The value for JSON; an array that is too long becomes an object of its length and beginning.
  static Object json(MetadataValue value) {
    return switch (value) {
      case Int(var type, var number) ->
          type == IntType.UINT64 ? new java.math.BigInteger(integer(type, number)) : number;
      case Number(var isDouble, var number) -> json(isDouble, number);
      case Flag(var flag) -> flag;
      case Text(var text) -> text;
      case Texts(var texts) -> json(texts.size(), texts::get);
      case Ints(var type, var numbers) ->
          json(numbers.length, i -> json(new Int(type, numbers[i])));
      case Numbers(var isDouble, var numbers) ->
          json(numbers.length, i -> json(isDouble, numbers[i]));
      case Flags(var flags) -> json(flags.length, i -> flags[i]);
      case Nested(var values) -> json(values.size(), i -> json(values.get(i)));
    };
  }

  private static String line(int length, IntFunction<String> element) {
    String shown =
        IntStream.range(0, Math.min(length, LINE_ELEMENTS_MAX))
            .mapToObj(element)
            .collect(Collectors.joining(", "));
    return length <= LINE_ELEMENTS_MAX
        ? "[" + shown + "]"
        : Display.format("[%s, … %,d in all]", shown, length);
  }

  private static Object json(int length, IntFunction<Object> element) {
    List<Object> shown = new ArrayList<>();
    for (int i = 0; i < Math.min(length, JSON_ELEMENTS_MAX); i++) {
      shown.add(element.apply(i));
    }
    if (length <= JSON_ELEMENTS_MAX) {
      return shown;
    }
    Map<String, Object> part = new LinkedHashMap<>();
    part.put("length", length);
    part.put("first", shown);
    return part;
  }

  private static String integer(IntType type, long value) {
    return type == IntType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value);
  }

  /// With the digits of its own width: 1.0E-5 and not 9.999999747378752E-6.
  private static Object number(boolean isDouble, double value) {
    return isDouble ? (Object) value : (Object) (float) value;
  }

  /// JSON has no infinities and no NaN; they become strings.
  private static Object json(boolean isDouble, double value) {
    return Double.isFinite(value) ? number(isDouble, value) : Double.toString(value);
  }
}
