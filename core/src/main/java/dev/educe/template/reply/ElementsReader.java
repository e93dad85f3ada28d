package dev.educe.template.reply;

import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Reads arguments that are elements, one for each.
///
/// A text is passed on as it comes. Other values wait for their end, as only then it is known
/// whether they are JSON; those that are not are texts.
final class ElementsReader implements CallReader {
  private enum State {
    BETWEEN,
    KEY,
    VALUE
  }

  private final ArgumentSyntax.Elements syntax;
  private final String end;
  private final Predicate<String> isText;
  private final BooleanSupplier begin;
  private final Call call;
  private final int heldMax;
  private final Pattern keyEnd;
  private final Pattern jsonKeyEnd;
  private final List<String> valueEnds;
  private final StringBuilder held = new StringBuilder();
  private final StringBuilder value = new StringBuilder();
  private State state = State.BETWEEN;
  private boolean textNow;
  private boolean atValueStart;
  private boolean isFirst = true;

  /// @param end ends the call
  /// @param isText whether a parameter takes nothing but text
  /// @param begin begins the call, or says that it may not
  /// @param heldMax how many characters of a value may wait for its end
  ElementsReader(
      ArgumentSyntax.Elements syntax,
      String end,
      Predicate<String> isText,
      BooleanSupplier begin,
      Call call,
      int heldMax) {
    this.syntax = syntax;
    this.end = end;
    this.isText = isText;
    this.begin = begin;
    this.call = call;
    this.heldMax = heldMax;
    String valueEnd = syntax.afterValue().stripTrailing();
    keyEnd = key(syntax.afterKey());
    jsonKeyEnd = key(syntax.afterJsonKey());
    valueEnds = Stream.of(valueEnd, valueEnd.strip()).distinct().toList();
  }

  @Override
  public Progress accept(char c) {
    return switch (state) {
      case BETWEEN -> between(c);
      case KEY -> key(c);
      case VALUE -> value(c);
    };
  }

  @Override
  public String untaken() {
    return state == State.BETWEEN ? held.toString() : "";
  }

  @Override
  public void finish() {
    if (state == State.BETWEEN && call.began()) {
      endAll();
    }
  }

  private Progress between(char c) {
    if (held.isEmpty() && ValueReader.isSpace(c)) {
      return Progress.MORE;
    }
    String seen = held.toString() + c;
    String beforeKey = syntax.beforeKey().strip();
    if (!beforeKey.startsWith(seen) && !end.startsWith(seen)) {
      return Progress.BAD;
    }
    held.append(c);
    if (!seen.equals(beforeKey) && !seen.equals(end)) {
      return Progress.MORE;
    }
    held.setLength(0);
    if (!begin.getAsBoolean()) {
      return Progress.BAD;
    }
    state = State.KEY;
    return seen.equals(end) ? endAll() : Progress.MORE;
  }

  private Progress endAll() {
    call.accept(isFirst ? "{}" : "}");
    call.end(true);
    return Progress.DONE;
  }

  private Progress key(char c) {
    held.append(c);
    var text = keyEnd.matcher(held);
    var json = jsonKeyEnd.matcher(held);
    if (text.matches()) {
      beginValue(text.group(1).strip(), false);
    } else if (json.matches()) {
      beginValue(json.group(1).strip(), true);
    }
    return held.length() > CallName.HEADER_MAX ? Progress.BAD : Progress.MORE;
  }

  /// Matches a key and the marker behind it, whatever white space stands between its elements.
  private static Pattern key(String marker) {
    String literal = Pattern.quote(marker.strip()).replace("><", ">\\E\\s*+\\Q<");
    return Pattern.compile("(.+?)" + literal, Pattern.DOTALL);
  }

  private void beginValue(String name, boolean isJson) {
    held.setLength(0);
    call.accept(isFirst ? "{\"" : ",\"");
    isFirst = false;
    for (int i = 0; i < name.length(); i++) {
      call.acceptQuoted(name.charAt(i));
    }
    call.accept("\":");
    boolean told = !syntax.afterKey().equals(syntax.afterJsonKey());
    textNow = told ? !isJson : isText.test(name);
    if (textNow) {
      call.accept('"');
    }
    atValueStart = syntax.afterKey().endsWith("\n");
    state = State.VALUE;
  }

  private Progress value(char c) {
    if (atValueStart) {
      atValueStart = false;
      if (c == '\n') {
        return Progress.MORE;
      }
    }
    held.append(c);
    while (!held.isEmpty()) {
      String seen = held.toString();
      if (valueEnds.contains(seen)) {
        held.setLength(0);
        endValue();
        return Progress.MORE;
      }
      if (valueEnds.stream().anyMatch(marker -> marker.startsWith(seen))) {
        return Progress.MORE;
      }
      take(held.charAt(0));
      held.deleteCharAt(0);
    }
    return Progress.MORE;
  }

  private void take(char c) {
    if (textNow) {
      call.acceptQuoted(c);
      return;
    }
    value.append(c);
    if (value.length() > heldMax) {
      beginText();
    }
  }

  /// What waited is a text.
  private void beginText() {
    textNow = true;
    call.accept('"');
    for (int i = 0; i < value.length(); i++) {
      call.acceptQuoted(value.charAt(i));
    }
    value.setLength(0);
  }

  private void endValue() {
    Optional<String> json =
        Optional.of(textNow ? "" : ValueReader.json(value.toString().strip()))
            .filter(text -> !text.isEmpty());
    json.ifPresentOrElse(call::accept, this::endText);
    value.setLength(0);
    textNow = false;
    state = State.BETWEEN;
  }

  private void endText() {
    if (!textNow) {
      beginText();
    }
    call.accept('"');
  }
}
