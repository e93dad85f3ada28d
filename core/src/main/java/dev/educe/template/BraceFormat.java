package dev.educe.template;

/// Python's `str.format`, with attributes and items found as the sandbox allows.
final class BraceFormat {
  /// Fields within the format of a field; Python allows no more.
  private static final int DEPTH_MAX = 2;

  private final Interpreter interpreter;
  private final Meter meter;
  private final Arguments arguments;
  private int automatic;

  BraceFormat(Interpreter interpreter, Arguments arguments) {
    this.interpreter = interpreter;
    this.meter = interpreter.meter();
    this.arguments = arguments;
  }

  Text format(Text format) {
    return format(format, DEPTH_MAX);
  }

  private Text format(Text format, int depth) {
    if (depth == 0) {
      throw new TemplateException("the fields of a format are nested too deeply");
    }
    String codes = format.string();
    var out = new TextBuilder(meter);
    int i = 0;
    while (i < codes.length()) {
      char c = codes.charAt(i);
      if (c != '{' && c != '}') {
        int end = i;
        while (end < codes.length() && codes.charAt(end) != '{' && codes.charAt(end) != '}') {
          end++;
        }
        out.append(format, i, end);
        i = end;
      } else if (i + 1 < codes.length() && codes.charAt(i + 1) == c) {
        out.append(format, i, i + 1);
        i += 2;
      } else if (c == '}') {
        throw new TemplateException("a format has a single '}'; write '}}' for one");
      } else {
        int end = fieldEnd(codes, i + 1);
        out.append(field(format.units(i + 1, end), depth));
        i = end + 1;
      }
    }
    return out.text();
  }

  private static int fieldEnd(String codes, int from) {
    int open = 1;
    for (int i = from; i < codes.length(); i++) {
      open += codes.charAt(i) == '{' ? 1 : codes.charAt(i) == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw new TemplateException("a format has a '{' that is not closed; write '{{' for one");
  }

  private Text field(Text field, int depth) {
    meter.call();
    String text = field.string();
    int nameEnd = 0;
    boolean isInBrackets = false;
    while (nameEnd < text.length()
        && (isInBrackets || (text.charAt(nameEnd) != ':' && text.charAt(nameEnd) != '!'))) {
      isInBrackets = text.charAt(nameEnd) == '[' || (isInBrackets && text.charAt(nameEnd) != ']');
      nameEnd++;
    }
    Value value = value(field.units(0, nameEnd));
    int specFrom = nameEnd;
    if (text.startsWith("!", nameEnd)) {
      value =
          switch (text.length() > nameEnd + 1 ? text.charAt(nameEnd + 1) : ' ') {
            case 's' -> interpreter.text(value);
            case 'r', 'a' -> Repr.repr(meter, value);
            default -> throw new TemplateException("a format has a conversion that is not s or r");
          };
      specFrom = nameEnd + 2;
    }
    if (specFrom < text.length() && text.charAt(specFrom) != ':') {
      throw new TemplateException("a format has a field with ':' missing");
    }
    Text spec = specFrom < text.length() ? field.units(specFrom + 1, text.length()) : Text.EMPTY;
    String resolved = spec.isTrue() ? format(spec, depth - 1).string() : "";
    return resolved.isEmpty()
        ? interpreter.text(value)
        : new FormatSpec(meter, resolved).apply(value);
  }

  /// The value of `name.attribute[item]`.
  private Value value(Text path) {
    String text = path.string();
    int end = 0;
    while (end < text.length() && text.charAt(end) != '.' && text.charAt(end) != '[') {
      end++;
    }
    Value value = first(text.substring(0, end));
    while (end < text.length()) {
      meter.call();
      boolean isItem = text.charAt(end) == '[';
      int from = ++end;
      while (end < text.length() && !isPartEnd(text.charAt(end), isItem)) {
        end++;
      }
      String part = text.substring(from, end);
      if (part.isEmpty() || (isItem && end == text.length())) {
        throw new TemplateException("a format has a field with an empty attribute");
      }
      value = isItem ? Attributes.item(meter, value, key(part)) : Attributes.attribute(value, part);
      end += isItem ? 1 : 0;
    }
    return value;
  }

  private static boolean isPartEnd(char c, boolean isItem) {
    return isItem ? c == ']' : c == '.' || c == '[';
  }

  private static Value key(String part) {
    return part.matches("[0-9]{1,9}") ? Int.of(Integer.parseInt(part)) : Text.of(part);
  }

  private Value first(String name) {
    if (name.isEmpty() || name.matches("[0-9]{1,9}")) {
      int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
      if (index >= arguments.positional().size()) {
        throw new TemplateException("a format has more fields than there are values");
      }
      return arguments.positional().get(index);
    }
    Value value = arguments.named().get(name);
    if (value == null) {
      throw new TemplateException(
          "a format needs the value '" + Messages.shortened(name) + "', which is not given");
    }
    return value;
  }
}
