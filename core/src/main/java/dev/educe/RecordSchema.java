package dev.educe;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/// The JSON schema of a record, and the way from such JSON to the record.
///
/// Components may be texts, numbers, booleans, enums, records, lists and sets of these, maps from
/// texts to these, and [Optional] ones, which need not be there. A [Description] is passed on.
final class RecordSchema {
  private static final Set<Class<?>> INTEGERS =
      Set.of(
          byte.class,
          short.class,
          int.class,
          long.class,
          Byte.class,
          Short.class,
          Integer.class,
          Long.class,
          BigInteger.class);
  private static final Set<Class<?>> NUMBERS =
      Set.of(float.class, double.class, Float.class, Double.class, BigDecimal.class);

  private static final JsonMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .annotationIntrospector(new Required())
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(EnumFeature.READ_ENUMS_USING_TO_STRING)
          .build();

  private final Deque<Class<?>> within = new ArrayDeque<>();

  private RecordSchema() {}

  /// The schema as JSON.
  ///
  /// @throws IllegalArgumentException if a component has another type, or a record holds itself
  static String of(Class<? extends Record> type) {
    return JsonMapper.shared().writeValueAsString(new RecordSchema().object(type));
  }

  /// Reads JSON of the schema.
  ///
  /// @throws IllegalArgumentException if it is none, with what is wrong
  static <T extends Record> T read(String json, Class<T> type) {
    try {
      T read = STRICT.readValue(json, type);
      if (read != null) {
        return read;
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "not the JSON of a %s: %s".formatted(type.getSimpleName(), e.getOriginalMessage()), e);
    }
    throw new IllegalArgumentException("not the JSON of a %s".formatted(type.getSimpleName()));
  }

  private Map<String, Object> object(Class<?> type) {
    if (within.contains(type)) {
      throw new IllegalArgumentException(
          type.getName() + " holds itself; a schema of a record must have an end");
    }
    within.push(type);
    var properties = new LinkedHashMap<String, Object>();
    var required = new ArrayList<String>();
    for (var component : type.getRecordComponents()) {
      properties.put(component.getName(), describe(component, component(component)));
      if (component.getType() != Optional.class) {
        required.add(component.getName());
      }
    }
    within.pop();
    var schema = new LinkedHashMap<String, Object>();
    schema.put("type", "object");
    schema.put("properties", properties);
    schema.put("required", required);
    schema.put("additionalProperties", false);
    return describe(type, schema);
  }

  private Map<String, Object> component(RecordComponent component) {
    try {
      return type(component.getGenericType());
    } catch (UnknownTypeException unknown) {
      throw new IllegalArgumentException(
          "%s.%s is a %s; there are schemas for texts, numbers, booleans, enums, records, "
                  .formatted(
                      component.getDeclaringRecord().getName(), component.getName(), unknown.type)
              + "lists, sets, maps from texts, and optional ones",
          unknown);
    }
  }

  private Map<String, Object> type(Type type) {
    if (type instanceof ParameterizedType generic) {
      return generic(generic);
    }
    if (!(type instanceof Class<?> plain)) {
      throw new UnknownTypeException(type);
    }
    if (plain == String.class) {
      return schema("type", "string");
    } else if (plain == boolean.class || plain == Boolean.class) {
      return schema("type", "boolean");
    } else if (INTEGERS.contains(plain)) {
      return schema("type", "integer");
    } else if (NUMBERS.contains(plain)) {
      return schema("type", "number");
    } else if (plain.isEnum()) {
      var schema = schema("type", "string");
      schema.put(
          "enum", Stream.of(plain.getEnumConstants()).map(e -> ((Enum<?>) e).name()).toList());
      return schema;
    } else if (plain.isRecord()) {
      return object(plain);
    }
    throw new UnknownTypeException(type);
  }

  private Map<String, Object> generic(ParameterizedType type) {
    var raw = (Class<?>) type.getRawType();
    List<Type> arguments = List.of(type.getActualTypeArguments());
    if (raw == Optional.class) {
      return type(arguments.getFirst());
    } else if (raw == List.class || raw == Collection.class || raw == Set.class) {
      var schema = schema("type", "array");
      schema.put("items", type(arguments.getFirst()));
      return schema;
    } else if (raw == Map.class && arguments.getFirst() == String.class) {
      var schema = schema("type", "object");
      schema.put("additionalProperties", type(arguments.getLast()));
      return schema;
    }
    throw new UnknownTypeException(type);
  }

  private static Map<String, Object> schema(String key, Object value) {
    var schema = new LinkedHashMap<String, Object>();
    schema.put(key, value);
    return schema;
  }

  private static Map<String, Object> describe(
      AnnotatedElement element, Map<String, Object> schema) {
    var description = element.getAnnotation(Description.class);
    if (description != null) {
      schema.put("description", description.value());
    }
    return schema;
  }

  /// All but optional components must be there.
  private static final class Required extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public Boolean hasRequiredMarker(MapperConfig<?> config, AnnotatedMember member) {
      boolean isOfRecord = member.getDeclaringClass().isRecord();
      return isOfRecord
          ? Boolean.valueOf(member.getRawType() != Optional.class)
          : super.hasRequiredMarker(config, member);
    }
  }

  /// Says which type is unknown, to whoever knows where it stands.
  private static final class UnknownTypeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient Type type;

    UnknownTypeException(Type type) {
      this.type = type;
    }
  }
}
