package dev.educe.server.openai;

import dev.educe.Request;
import dev.educe.grammar.GrammarCache;
import dev.educe.grammar.GrammarException;
import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.server.http.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// What an answer must look like, as OpenAI and as vLLM have it.
final class FormFields {
  private static final int CHOICES_MAX = 1_024;
  private static final int NAME_CHARS_MAX = 64;

  private FormFields() {}

  /// `{"type": "text" | "json_object" | "json_schema", …}`.
  ///
  /// @param isNested whether the schema and its name are in an object of their own
  /// @return empty for any text
  static Optional<Part> format(Fields format, boolean isNested) {
    String type = format.requireText("type");
    Optional<Part> form =
        switch (type) {
          case "text" -> Optional.empty();
          case "json_object" -> Optional.of(json("{\"type\":\"object\"}"));
          case "json_schema" ->
              Optional.of(
                  schema(
                      isNested
                          ? Fields.of(format.require("json_schema"), format.path("json_schema"))
                          : format));
          default ->
              throw format.wrongWord("type", type, Set.of("text", "json_object", "json_schema"));
        };
    format.refuseRest();
    return form;
  }

  private static Part schema(Fields described) {
    String name = described.requireText("name");
    if (!name.matches("[a-zA-Z0-9_-]{1,%d}".formatted(NAME_CHARS_MAX))) {
      throw Fields.invalid(
          described.path("name"),
          "invalid_value",
          "Invalid '%s': a name has 1 to %d letters, digits, '_' and '-'."
              .formatted(described.path("name"), NAME_CHARS_MAX));
    }
    described.text("description");
    described.flag("strict"); // what is written fits the schema in any case
    described.object("schema");
    var schema = described.value("schema");
    described.refuseRest();
    return json(schema.map(JsonNode::toString).orElse("{\"type\":\"object\"}"));
  }

  private static Part json(String schema) {
    return new Part.Json("", schema, SchemaOptions.defaults().closed());
  }

  /// vLLM's `structured_outputs` with one of `json`, `regex`, `choice` and `json_object`; and the
  /// same as `guided_json` and so on, as it was before.
  static Optional<Part> guided(Fields fields) {
    var found = new ArrayList<Part>();
    fields
        .object("structured_outputs")
        .ifPresent(inner -> {
          read(inner, "", found);
          inner.ignore("grammar"); // see below
          inner.refuseRest();
        });
    read(fields, "guided_", found);
    if (found.size() > 1) {
      throw Fields.invalid(
          fields.path("structured_outputs"),
          "invalid_value",
          "Invalid 'structured_outputs': an answer can have one form only.");
    }
    return found.stream().findFirst();
  }

  private static void read(Fields fields, String prefix, List<Part> found) {
    fields
        .value(prefix + "json")
        .map(node -> node.isString() ? node.stringValue() : node.toString())
        .ifPresent(schema -> found.add(json(schema)));
    if (fields.flag(prefix + "json_object").orElse(false)) {
      found.add(json("{\"type\":\"object\"}"));
    }
    fields.text(prefix + "regex").ifPresent(regex -> found.add(new Part.Pattern(regex)));
    var choices = fields.texts(prefix + "choice", CHOICES_MAX);
    if (!choices.isEmpty()) {
      found.add(new Part.Choice(choices.stream().map(text -> (Part) new Part.Text(text)).toList()));
    }
  }

  /// vLLM's `structured_outputs.grammar` or `guided_grammar`, in GBNF: for the whole text, and so
  /// not to be joined with calls or reasoning.
  ///
  /// @throws dev.educe.server.http.ApiException if it is wrong
  static Request grammar(Fields fields, Request request, GrammarCache grammars) {
    var nested = fields.object("structured_outputs").flatMap(inner -> inner.text("grammar"));
    var text = nested.or(() -> fields.text("guided_grammar"));
    if (text.isEmpty()) {
      return request;
    }
    String path = nested.isPresent() ? "structured_outputs.grammar" : "guided_grammar";
    try {
      return request.withGrammar(grammars.gbnf(text.get()));
    } catch (GrammarException e) {
      throw Fields.invalid(
          path, "unsupported_schema", "Invalid '%s': %s.".formatted(path, e.getMessage()));
    }
  }
}
