package dev.educe.template.reply;

import java.util.List;

/// Reads the calls of one section, from behind the marker that opened it.
///
/// What turns out to be no call is given back as it was written.
final class CallSection {
  private final List<CallSyntax> syntaxes;
  private final List<CallForm.Code> codes;
  private final String opening;
  private final Parts parts;
  private final OfferedTools tools;
  private final int heldMax;
  private final StringBuilder raw = new StringBuilder();
  private final StringBuilder literal = new StringBuilder();
  private Call call;
  private CallReader reader;
  private boolean inCall;
  private boolean inList;
  private boolean listEnded;
  private int calls;
  private String untaken = "";
  private boolean inCode;

  /// @param syntaxes those that begin so; the first character tells them apart
  /// @param opening the marker, or empty if there is none
  /// @param heldMax how many characters may wait until a call has its name
  CallSection(
      List<CallSyntax> syntaxes, String opening, Parts parts, OfferedTools tools, int heldMax) {
    this.syntaxes =
        syntaxes.stream().filter(syntax -> !(syntax.form() instanceof CallForm.Code)).toList();
    this.codes =
        syntaxes.stream()
            .map(CallSyntax::form)
            .filter(CallForm.Code.class::isInstance)
            .map(CallForm.Code.class::cast)
            .toList();
    this.opening = opening;
    this.parts = parts;
    this.tools = tools;
    this.heldMax = heldMax;
    for (var syntax : this.syntaxes) {
      if (syntax.open().isBlank() && !opening.isEmpty()) {
        beginCall(syntax);
      }
    }
  }

  /// Takes a character; when there are no more, [#rejected] and [#untaken] say what is to be read
  /// again.
  Progress accept(char c) {
    if (inCode) {
      call.acceptQuoted(c);
      return Progress.MORE;
    }
    raw.append(c);
    if (raw.length() > heldMax) {
      return reject("");
    }
    return inCall ? inCall(c) : between(c);
  }

  /// Text that is not part of a call, to be shown as it is.
  ///
  /// A marker that is a token of its own and has nothing behind it says nothing.
  String rejected() {
    boolean isBlank = raw.toString().isBlank();
    if (hasCalls() || (isBlank && Marker.isControl(opening))) {
      return isBlank || (inCall && call.began()) ? "" : raw.toString();
    }
    return opening + raw;
  }

  /// Text behind the section.
  String untaken() {
    return untaken;
  }

  /// Whether a marker opened the section.
  boolean isMarked() {
    return !opening.isEmpty();
  }

  /// Whether a call has begun.
  boolean hasCalls() {
    return calls > 0 || (inCall && call.began());
  }

  /// No more text comes.
  ///
  /// @param cut whether the reply was cut off, so that what is missing was never to come
  void finish(boolean cut) {
    if (!cut && !hasCalls()) {
      beginCode();
    }
    if (inCode && !cut) {
      call.accept("\"}");
      call.end(true);
    }
    if (inCall) {
      if (!cut && !inCode) {
        reader.finish();
      }
      call.end(false);
    }
  }

  private boolean isAllowed(String name) {
    return !opening.isEmpty() || tools.has(name);
  }

  private Progress inCall(char c) {
    var progress = reader.accept(c);
    if (call.began()) {
      raw.setLength(0);
    }
    switch (progress) {
      case MORE -> {
        return Progress.MORE;
      }
      case DONE -> endCall();
      case BAD -> {
        call.end(false);
        return reject(reader.untaken() + c);
      }
      case DONE_BEFORE -> {
        String again = reader.untaken() + c;
        endCall();
        return again(again);
      }
    }
    return Progress.MORE;
  }

  private void endCall() {
    raw.setLength(0);
    inCall = false;
    calls++;
  }

  private Progress again(String text) {
    for (int i = 0; i < text.length(); i++) {
      var progress = accept(text.charAt(i));
      if (progress != Progress.MORE) {
        untaken += text.substring(i + 1);
        return progress == Progress.DONE ? Progress.DONE_BEFORE : progress;
      }
    }
    return Progress.MORE;
  }

  /// Ends the section without this end of what came.
  private Progress reject(String rest) {
    if (!hasCalls() && beginCode()) {
      return Progress.MORE;
    }
    raw.setLength(Math.max(0, raw.length() - rest.length()));
    untaken = rest;
    return Progress.BAD;
  }

  /// Takes what came for the beginning of code, if it may be that.
  private boolean beginCode() {
    for (var form : codes) {
      for (String tool : form.tools()) {
        String header = form.isNamed() ? tool + form.afterName() : "";
        if (tools.has(tool) && raw.indexOf(header) == 0 && raw.length() > header.length()) {
          call = new Call(parts, this::isAllowed);
          call.begin("", tool);
          call.accept("{\"" + form.parameter() + "\":\"");
          raw.chars().skip(header.length()).forEach(c -> call.acceptQuoted((char) c));
          raw.setLength(0);
          inCode = true;
          inCall = true;
          return true;
        }
      }
    }
    return false;
  }

  private Progress between(char c) {
    if (!literal.isEmpty() || !isPunctuation(c)) {
      return literal(c);
    }
    if (calls > 0) {
      raw.setLength(0);
    }
    return Progress.MORE;
  }

  private boolean isPunctuation(char c) {
    if (c == '[' && calls == 0 && !inList && !listEnded && mayBeList()) {
      inList = true;
      return true;
    }
    if (c == ']' && inList) {
      inList = false;
      listEnded = true;
      return true;
    }
    return ValueReader.isSpace(c) || (calls > 0 && (c == ',' || c == ';'));
  }

  private boolean mayBeList() {
    return syntaxes.stream()
        .anyMatch(syntax -> syntax.inList() || syntax.form() instanceof CallForm.InObject);
  }

  private Progress literal(char c) {
    literal.append(c);
    String seen = literal.toString();
    boolean mayGrow = false;
    for (var syntax : syntaxes) {
      if (seen.equals(syntax.closeMarker())) {
        return calls > 0 || Marker.isControl(opening) ? close() : reject("");
      }
      mayGrow |= syntax.closeMarker().startsWith(seen);
      String begin = beginning(syntax);
      if (!listEnded && seen.equals(begin)) {
        beginCall(syntax);
        return Progress.MORE;
      }
      mayGrow |= !listEnded && begin.startsWith(seen);
    }
    for (var syntax : syntaxes) {
      if (!mayGrow && seen.length() == 1 && beginsWithName(syntax, c)) {
        beginCall(syntax);
        return inCall(c);
      }
    }
    return mayGrow ? Progress.MORE : reject(seen);
  }

  private Progress close() {
    raw.setLength(0);
    return Progress.DONE;
  }

  private static String beginning(CallSyntax syntax) {
    return syntax.form() instanceof CallForm.InObject ? "{" : syntax.form().beforeName().strip();
  }

  private boolean beginsWithName(CallSyntax syntax, char c) {
    return beginning(syntax).isEmpty()
        && (calls == 0 || inList || !syntax.closeMarker().isEmpty())
        && !listEnded
        && inList == syntax.inList()
        && (Character.isLetterOrDigit(c) || c == '_');
  }

  private void beginCall(CallSyntax syntax) {
    literal.setLength(0);
    call = new Call(parts, this::isAllowed);
    inCall = true;
    reader =
        switch (syntax.form()) {
          case CallForm.InObject form ->
              new ObjectCallReader(call, form, opening.isEmpty(), heldMax);
          case CallForm.Named form -> new NamedCallReader(call, form, tools, heldMax);
          case CallForm.Code _ -> throw new IllegalStateException("code begins no call");
        };
  }
}
