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

/// The text of a tool call as a family writes it, for a model that must make one.
final class CallGrammar {
  private CallGrammar() {}

  /// One call of one of these tools, and nothing else.
  ///
  /// @throws IllegalArgumentException if the family writes arguments otherwise than as JSON
  static Part of(ReplyFormat format, List<Tool> tools, Tokenizer tokenizer) {
    var syntax =
        format.calls().stream()
            .filter(CallGrammar::isJson)
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "calls of the format '%s' cannot be enforced; choose AUTO or NONE"
                        .formatted(format.name())));
    var form = syntax.form();
    var calls = new ArrayList<Part>();
    for (var tool : tools) {
      calls.add(
          Part.sequence(
              text(form.beforeName() + tool.name() + form.afterName(), tokenizer),
              new Part.Json(tool.name(), tool.parameters(), SchemaOptions.defaults().closed()),
              text(form.afterArguments(), tokenizer)));
    }
    return Part.sequence(
        text(syntax.open(), tokenizer), new Part.Choice(calls), text(syntax.close(), tokenizer));
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
