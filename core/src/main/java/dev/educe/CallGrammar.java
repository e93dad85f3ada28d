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

/// The text of a tool call as a family writes it, for a model that must make one.
final class CallGrammar {
  private CallGrammar() {}

  /// One call of one of these tools, and nothing else.
  ///
  /// @throws IllegalArgumentException if the family writes arguments otherwise than as JSON
  static Part of(ReplyFormat format, List<Tool> tools, Tokenizer tokenizer) {
    var syntax =
        syntax(format)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "calls of the format '%s' cannot be enforced; choose AUTO or NONE"
                        .formatted(format.name())));
    var calls = new ArrayList<Part>();
    for (var tool : tools) {
      calls.add(call(syntax, "", tool, tool.parameters(), tokenizer));
    }
    return Part.sequence(
        text(syntax.open(), tokenizer), new Part.Choice(calls), text(syntax.close(), tokenizer));
  }

  private static Optional<CallSyntax> syntax(ReplyFormat format) {
    return format.calls().stream().filter(CallGrammar::isJson).findFirst();
  }

  /// @param skipped what of it was written already
  private static Part call(
      CallSyntax syntax, String skipped, Tool tool, String schema, Tokenizer tokenizer) {
    var form = syntax.form();
    String begin = form.beforeName() + tool.name() + form.afterName();
    return Part.sequence(
        text(begin.substring(skipped.length()), tokenizer),
        new Part.Json(tool.name(), schema, SchemaOptions.defaults().closed()),
        text(form.afterArguments(), tokenizer));
  }

  /// The text that begins calls of these tools where the model is free to make them; empty if none
  /// of them is strict, or the family has no such text or writes arguments otherwise than as JSON.
  static Optional<String> trigger(ReplyFormat format, List<Tool> tools) {
    return tools.stream().anyMatch(Tool::isStrict)
        ? syntax(format).map(CallSyntax::trigger).filter(trigger -> !trigger.isEmpty())
        : Optional.empty();
  }

  /// One call or several of these tools behind [#trigger], those that are not strict with any
  /// object for arguments.
  static Part afterTrigger(ReplyFormat format, List<Tool> tools, Tokenizer tokenizer) {
    var syntax = syntax(format).orElseThrow();
    String trigger = syntax.trigger();
    int at = syntax.open().indexOf(trigger);
    // Where calls have no section, the trigger begins the form of each.
    String skipped =
        at >= 0 ? "" : syntax.form().beforeName().substring(0, beforeNameEnd(syntax, trigger));
    String open = at < 0 ? "" : syntax.open().substring(at + trigger.length());
    var first = new ArrayList<Part>();
    var next = new ArrayList<Part>();
    for (var tool : tools) {
      String schema = tool.isStrict() ? tool.parameters() : "{\"type\":\"object\"}";
      first.add(call(syntax, skipped, tool, schema, tokenizer));
      next.add(call(syntax, "", tool, schema, tokenizer));
    }
    var more = Part.sequence(text(syntax.separator(), tokenizer), new Part.Choice(next));
    int moreMax = syntax.separator().isEmpty() ? 0 : Part.UNBOUNDED;
    return Part.sequence(
        text(open, tokenizer),
        new Part.Choice(first),
        new Part.Repeat(more, 0, moreMax),
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
