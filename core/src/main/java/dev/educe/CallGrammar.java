package dev.educe;

import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.template.reply.ArgumentSyntax;
import dev.educe.template.reply.CallForm;
import dev.educe.template.reply.CallSyntax;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The text of tool calls as a family writes them, for a model that must make one.
final class CallGrammar {
  private CallGrammar() {}

  /// Calls of these tools and nothing else: one, or more where the family can write several.
  ///
  /// @param isOne whether one is all there may be
  /// @throws IllegalArgumentException if the family writes arguments otherwise than as JSON
  static Part of(ReplyFormat format, List<Tool> tools, boolean isOne, Tokenizer tokenizer) {
    var syntax =
        syntax(format)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "calls of the format '%s' cannot be enforced; choose AUTO or NONE"
                        .formatted(format.name())));
    var call = call(syntax, "", tools, Tool::parameters, tokenizer);
    var more = isOne ? Part.sequence() : more(syntax, call, tokenizer);
    return Part.sequence(
        text(syntax.open(), tokenizer), call, more, text(syntax.close(), tokenizer));
  }

  private static Optional<CallSyntax> syntax(ReplyFormat format) {
    return format.calls().stream().filter(CallGrammar::isJson).findFirst();
  }

  /// A call of one of these tools.
  ///
  /// @param skipped what of it was written already
  private static Part call(
      CallSyntax syntax,
      String skipped,
      List<Tool> tools,
      Function<Tool, String> schema,
      Tokenizer tokenizer) {
    var form = syntax.form();
    var calls = new ArrayList<Part>();
    for (var tool : tools) {
      String begin = form.beforeName() + tool.name() + form.afterName();
      calls.add(
          Part.sequence(
              text(begin.substring(skipped.length()), tokenizer),
              new Part.Json(tool.name(), schema.apply(tool), SchemaOptions.defaults().closed()),
              text(form.afterArguments(), tokenizer)));
    }
    return new Part.Choice(calls);
  }

  /// Any number of calls behind the first.
  private static Part more(CallSyntax syntax, Part call, Tokenizer tokenizer) {
    return syntax
        .separator()
        .<Part>map(separator ->
            new Part.Repeat(Part.sequence(text(separator, tokenizer), call), 0, Part.UNBOUNDED))
        .orElse(Part.sequence());
  }

  /// The text that begins calls of these tools where the model is free to make them; empty if none
  /// of them is strict, or the family has no such text or writes arguments otherwise than as JSON.
  static Optional<String> trigger(ReplyFormat format, List<Tool> tools) {
    return tools.stream().anyMatch(Tool::isStrict)
        ? syntax(format).map(CallSyntax::trigger).filter(trigger -> !trigger.isEmpty())
        : Optional.empty();
  }

  /// The calls of these tools in the section that [#trigger] begins, those that are not strict with
  /// any object for arguments.
  static Part afterTrigger(ReplyFormat format, List<Tool> tools, Tokenizer tokenizer) {
    var syntax = syntax(format).orElseThrow();
    String trigger = syntax.trigger();
    int at = syntax.open().indexOf(trigger);
    // Where calls have no section, the trigger begins the form of each.
    String skipped =
        at >= 0 ? "" : syntax.form().beforeName().substring(0, beforeNameEnd(syntax, trigger));
    String open = at < 0 ? "" : syntax.open().substring(at + trigger.length());
    Function<Tool, String> schema =
        tool -> tool.isStrict() ? tool.parameters() : "{\"type\":\"object\"}";
    // The trigger of another section is looked for as that of the first was.
    boolean isOne = at < 0 || syntax.separator().filter(text -> text.contains(trigger)).isPresent();
    var next = call(syntax, "", tools, schema, tokenizer);
    return Part.sequence(
        text(open, tokenizer),
        call(syntax, skipped, tools, schema, tokenizer),
        isOne ? Part.sequence() : more(syntax, next, tokenizer),
        text(syntax.close(), tokenizer));
  }

  private static int beforeNameEnd(CallSyntax syntax, String trigger) {
    return syntax.form().beforeName().indexOf(trigger) + trigger.length();
  }

  private static boolean isJson(CallSyntax syntax) {
    return switch (syntax.form()) {
      case CallForm.InObject _ -> true;
      case CallForm.Code _ -> false;
      case CallForm.Named named -> named.arguments() instanceof ArgumentSyntax.Json;
    };
  }

  /// A text with the control tokens in it as such.
  static Part text(String text, Tokenizer tokenizer) {
    var parts = new ArrayList<Part>();
    int from = 0;
    for (int token : tokenizer.encodePlain(text, true)) {
      if (tokenizer.isControl(token)) {
        String piece = tokenizer.piece(token);
        int at = text.indexOf(piece, from);
        parts.add(new Part.Text(text.substring(from, at)));
        parts.add(new Part.Special(piece));
        from = at + piece.length();
      }
    }
    parts.add(new Part.Text(text.substring(from)));
    return new Part.Sequence(parts);
  }
}
