package dev.educe.grammar;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.exc.JsonNodeException;
import tools.jackson.databind.json.JsonMapper;

/// What others say about a text: the validator of networknt, with formats asserted.
final class SchemaValidator {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Schema schema;

  SchemaValidator(String schema) {
    var config = SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build();
    this.schema =
        SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12, builder -> builder.schemaRegistryConfig(config))
            .getSchema(MAPPER.readTree(schema));
  }

  /// What is wrong with a text; empty if nothing is.
  String problems(String text) {
    var value = MAPPER.readTree(text);
    try {
      var errors = schema.validate(value);
      return errors.isEmpty() ? "" : errors.toString();
    } catch (JsonNodeException limit) {
      return ""; // it takes no whole numbers beyond 64 bits in some places
    }
  }
}
