package dev.educe;

import dev.educe.template.reply.OfferedTool;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Something that a model may ask to have called.
///
/// ```java
/// record Place(@Description("a city, as 'Paris, France'") String city) {}
///
/// Tool.of("weather", "tells the weather of a place", Place.class, place -> forecast(place.city()))
/// ```
///
/// @param name letters, digits, `_`, `-` and `.`
/// @param description what it does, for the model
/// @param parameters a JSON schema of an object
/// @param isStrict whether a call's arguments must fit the parameters even where the model is free
///   to call; as far as its family marks where calls begin, and writes arguments as JSON
/// @param body what is called with the arguments, a JSON object, and answers with a text; empty
///   where the caller of the model runs its tools
public record Tool(
    String name,
    String description,
    String parameters,
    boolean isStrict,
    Optional<Function<String, String>> body) {
  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}_.\\-]{0,127}");

  /// @throws IllegalArgumentException if the name has other characters or more than 128, or the
  ///   parameters are not a JSON object
  public Tool {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a tool's name is up to 128 letters, digits, '_', '-' and '.', got '" + name + "'");
    }
    parse(name, parameters);
  }

  /// A tool that its caller runs.
  public static Tool of(String name, String description, String parameters) {
    return new Tool(name, description, parameters, false, Optional.empty());
  }

  /// The same, strict or not.
  public Tool withStrict(boolean isStrict) {
    return new Tool(name, description, parameters, isStrict, body);
  }

  /// A tool that is a method or a lambda: its parameters are the components of a record, and what
  /// it returns is told to the model: texts as they are, anything else as JSON.
  ///
  /// @throws IllegalArgumentException if a component has no schema
  public static <T extends Record> Tool of(
      String name, String description, Class<T> parameters, Function<? super T, ?> body) {
    return new Tool(
        name,
        description,
        RecordSchema.of(parameters),
        false,
        Optional.of(arguments -> told(body.apply(RecordSchema.read(arguments, parameters)))));
  }

  private static String told(Object answer) {
    return answer instanceof String text ? text : JsonMapper.shared().writeValueAsString(answer);
  }

  private static Map<String, Object> parse(String name, String parameters) {
    try {
      Map<String, Object> parsed =
          JsonMapper.shared().readValue(parameters, new TypeReference<>() {});
      if (parsed != null) {
        return parsed;
      }
    } catch (JacksonException _) {
      // Said below.
    }
    throw new IllegalArgumentException(
        "the parameters of the tool " + name + " must be a JSON schema, which is an object");
  }

  /// The tool as templates want it, which is as OpenAI's chat API has it.
  Map<String, Object> fields() {
    var function = new LinkedHashMap<String, Object>();
    function.put("name", name);
    function.put("description", description);
    function.put("parameters", parse(name, parameters));
    var fields = new LinkedHashMap<String, Object>();
    fields.put("type", "function");
    fields.put("function", function);
    return fields;
  }

  /// The tool as readers of replies want it.
  OfferedTool offered() {
    var texts = new HashSet<String>();
    for (var property : JsonMapper.shared().readTree(parameters).path("properties").properties()) {
      if (property.getValue().path("type").asString("").equals("string")) {
        texts.add(property.getKey());
      }
    }
    return new OfferedTool(name, texts);
  }
}
