package dev.educe.template.reply;

import java.util.List;
import java.util.stream.Stream;

/// Reads a call whose name stands outside of its arguments, from behind what stands before the
/// name.
final class NamedCallReader implements CallReader {
  private enum State {
    HEADER,
    BEFORE_ARGUMENTS,
    ARGUMENTS,
    AFTER
  }

  private final Call call;
  private final CallForm.Named form;
  private final CallReader arguments;
  private final List<String> headerEnds;
  private final Literals afterName;
  private final Literals after;
  private final StringBuilder header = new StringBuilder();
  private CallName name = new CallName("", "");
  private State state = State.HEADER;

  NamedCallReader(Call call, CallForm.Named form, OfferedTools tools, int heldMax) {
    this.call = call;
    this.form = form;
    var words = Literals.words(form.afterName());
    headerEnds = headerEnds(form, words);
    afterName = new Literals(words.subList(Math.min(1, words.size()), words.size()));
    after = new Literals(Literals.words(form.afterArguments()));
    arguments =
        switch (form.arguments()) {
          case ArgumentSyntax.Json _ -> new JsonArguments(this::begin, call);
          case ArgumentSyntax.Members members ->
              new MembersReader(members, form.afterArguments().charAt(0), this::begin, call);
          case ArgumentSyntax.Elements elements ->
              new ElementsReader(
                  elements,
                  form.afterArguments().strip(),
                  parameter -> tools.isText(name.name(), parameter),
                  this::begin,
                  call,
                  heldMax);
        };
  }

  /// What may end the name: the last token behind it, as what stands before that may differ; with
  /// nothing behind the name, whatever comes next.
  private static List<String> headerEnds(CallForm.Named form, List<String> words) {
    if (!words.isEmpty()) {
      String end = words.getFirst();
      return List.of(end.substring(Math.max(0, end.lastIndexOf("<|"))));
    }
    if (form.arguments() instanceof ArgumentSyntax.Elements elements) {
      return Stream.of(elements.beforeKey(), form.afterArguments()).map(String::strip).toList();
    }
    return List.of(form.afterName());
  }

  @Override
  public Progress accept(char c) {
    return switch (state) {
      case HEADER -> inHeader(c);
      case BEFORE_ARGUMENTS -> {
        var progress = afterName.accept(c);
        if (progress == Progress.DONE) {
          state = State.ARGUMENTS;
        }
        yield progress == Progress.DONE ? Progress.MORE : progress;
      }
      case ARGUMENTS -> inArguments(c);
      case AFTER -> {
        var progress = after.accept(c);
        yield progress == Progress.BAD ? Progress.DONE_BEFORE : progress;
      }
    };
  }

  @Override
  public String untaken() {
    return switch (state) {
      case HEADER -> "";
      case BEFORE_ARGUMENTS -> afterName.untaken();
      case ARGUMENTS -> arguments.untaken();
      case AFTER -> after.untaken();
    };
  }

  @Override
  public void finish() {
    arguments.finish();
  }

  private Progress inHeader(char c) {
    header.append(c);
    for (String end : headerEnds) {
      int length = header.length() - end.length();
      if (length > 0 && header.indexOf(end, length) == length) {
        return endHeader(header.substring(0, length), end);
      }
    }
    return header.length() > CallName.HEADER_MAX ? Progress.BAD : Progress.MORE;
  }

  private Progress endHeader(String text, String end) {
    var found = CallName.of(text);
    if (found.isEmpty()) {
      return Progress.BAD;
    }
    name = found.get();
    state = afterName.isEmpty() ? State.ARGUMENTS : State.BEFORE_ARGUMENTS;
    if (!form.afterName().isEmpty()) {
      return Progress.MORE;
    }
    var progress = Progress.MORE;
    for (int i = 0; i < end.length(); i++) {
      progress = inArguments(end.charAt(i));
    }
    return progress;
  }

  private Progress inArguments(char c) {
    var progress = arguments.accept(c);
    if (progress != Progress.DONE || !(form.arguments() instanceof ArgumentSyntax.Json)) {
      return progress;
    }
    state = State.AFTER;
    return after.isEmpty() ? Progress.DONE : Progress.MORE;
  }

  /// Begins the call; false if it may not have this name.
  private boolean begin() {
    return call.begin(name.id(), name.name());
  }
}
