package dev.educe.template.reply;

import java.util.Set;

/// Reads a call that is a JSON object, from behind its brace.
///
/// The call begins with its arguments, once its name is known; arguments that come before the name
/// wait for it.
final class ObjectCallReader implements CallReader {
  private static final Set<String> NAME_KEYS = Set.of("name", "tool_name", "function");
  private static final Set<String> ARGUMENT_KEYS = Set.of("arguments", "parameters");
  private static final Set<String> ID_KEYS = Set.of("id", "call_id", "tool_call_id");
  private static final String TYPE_KEY = "type";

  /// Holds the name, or all but the type.
  private static final String FUNCTION_KEY = "function";

  private enum State {
    KEY,
    IN_KEY,
    COLON,
    VALUE,
    IN_VALUE,
    AFTER_VALUE
  }

  private final Call call;
  private final CallForm.InObject form;
  private final boolean known;
  private final int heldMax;
  private final StringBuilder held = new StringBuilder();
  private final StringBuilder json = new StringBuilder();
  private ValueReader reader = new ValueReader(json::append, "");
  private State state = State.KEY;
  private String key = "";
  private String name = "";
  private String id = "";
  private int depth = 1;
  private boolean inArguments;
  private boolean argumentsEnded;
  private Progress embedded = Progress.DONE;
  private boolean refused;

  /// @param form its keys are read besides the usual ones
  /// @param known whether members besides those of calls say that this is none
  /// @param heldMax how many characters may wait, of arguments for the name or of other members
  ObjectCallReader(Call call, CallForm.InObject form, boolean known, int heldMax) {
    this.call = call;
    this.form = form;
    this.known = known;
    this.heldMax = heldMax;
  }

  @Override
  public Progress accept(char c) {
    var progress =
        switch (state) {
          case IN_KEY, IN_VALUE -> inValue(c);
          default -> ValueReader.isSpace(c) ? Progress.MORE : structure(c);
        };
    boolean tooMuch = held.length() > heldMax || json.length() > heldMax;
    return refused || tooMuch ? Progress.BAD : progress;
  }

  @Override
  public void finish() {
    call.end(argumentsEnded);
  }

  private Progress structure(char c) {
    return switch (state) {
      case COLON -> c == ':' ? next(State.VALUE) : Progress.BAD;
      case VALUE -> beginValue(c);
      case AFTER_VALUE -> c == ',' ? next(State.KEY) : endObject(c);
      default -> c == '"' ? begin(State.IN_KEY, json::append, c) : endObject(c);
    };
  }

  private Progress beginValue(char c) {
    if (key.equals(FUNCTION_KEY) && c == '{' && name.isEmpty() && depth == 1) {
      depth++;
      return next(State.KEY);
    }
    boolean first = !argumentsEnded && (form.argumentsKey().equals(key) || isArguments());
    if (first && c != 'n' && c != 'N') {
      inArguments = true;
      return switch (c) {
        case '{' -> begin(State.IN_VALUE, this::argument, c);
        case '"' -> begin(State.IN_VALUE, new Unquoting(embedded()), c);
        default -> Progress.BAD;
      };
    }
    return begin(State.IN_VALUE, json::append, c);
  }

  private boolean isArguments() {
    return ARGUMENT_KEYS.contains(key);
  }

  private Progress begin(State next, CharSink out, char first) {
    json.setLength(0);
    reader = new ValueReader(out, "");
    state = next;
    return inValue(first);
  }

  private Progress inValue(char c) {
    var progress = reader.accept(c);
    if (progress == Progress.MORE || progress == Progress.BAD) {
      return progress;
    }
    if (state == State.IN_KEY) {
      key = Unquoting.text(json);
      state = State.COLON;
      refused |= known && !isKnown();
    } else {
      state = State.AFTER_VALUE;
      endValue();
    }
    return progress == Progress.DONE ? Progress.MORE : accept(c);
  }

  private boolean isKnown() {
    return isArguments()
        || NAME_KEYS.contains(key)
        || ID_KEYS.contains(key)
        || key.equals(TYPE_KEY)
        || key.equals(form.nameKey())
        || key.equals(form.argumentsKey());
  }

  private void endValue() {
    boolean isText = !json.isEmpty() && json.charAt(0) == '"';
    if (inArguments) {
      inArguments = false;
      argumentsEnded = embedded == Progress.DONE;
      refused |= !argumentsEnded;
    } else if (isText && name.isEmpty() && isName()) {
      name = Unquoting.text(json);
      if (!held.isEmpty()) {
        beginCall();
      }
    } else if (isText && id.isEmpty() && ID_KEYS.contains(key)) {
      id = Unquoting.text(json);
    }
  }

  private boolean isName() {
    return form.nameKey().equals(key) || NAME_KEYS.contains(key);
  }

  /// Takes arguments that are written as a JSON string.
  private CharSink embedded() {
    var inner = new ValueReader(this::argument, "");
    embedded = Progress.DONE; // an empty text stands for no arguments
    return c -> {
      if (embedded == Progress.MORE || (c == '{' && held.isEmpty() && !call.began())) {
        embedded = inner.accept(c);
      } else {
        refused |= !ValueReader.isSpace(c);
      }
    };
  }

  private void argument(char c) {
    if (name.isEmpty()) {
      held.append(c);
      return;
    }
    beginCall();
    if (call.began()) {
      call.accept(c);
    }
  }

  private void beginCall() {
    if (!call.began()) {
      refused |= name.isEmpty() || !call.begin(id, name);
      if (call.began()) {
        call.accept(held);
        held.setLength(0);
      }
    }
  }

  private Progress endObject(char c) {
    if (c != '}') {
      return Progress.BAD;
    }
    if (--depth > 0) {
      return next(State.AFTER_VALUE);
    }
    if (!call.began()) {
      if (name.isEmpty() || !call.begin(id, name)) {
        return Progress.BAD;
      }
      call.accept("{}");
    }
    call.end(true);
    return Progress.DONE;
  }

  private Progress next(State next) {
    state = next;
    return Progress.MORE;
  }
}
