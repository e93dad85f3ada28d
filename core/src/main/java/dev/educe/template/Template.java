package dev.educe.template;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;

/// A chat template, ready to render: Jinja as jinja2 3.1 has it in its immutable sandbox, with what
/// transformers adds.
///
/// That is: `trim_blocks` and `lstrip_blocks`; the tags `break`, `continue` and `generation`; a
/// `tojson` that escapes nothing for HTML; the functions `raise_exception` and `strftime_now`.
/// Nothing is escaped by itself. There are no other templates to include, import or extend.
///
/// Immutable; any number of threads may render at once.
public final class Template {
  /// Real ones have some ten thousand characters.
  private static final int CHARACTERS_MAX = 1 << 20;

  private final List<Node> nodes;

  private Template(List<Node> nodes) {
    this.nodes = nodes;
  }

  /// Reads a template.
  ///
  /// @throws TemplateException if it is none, or uses a tag, filter or test that does not exist
  public static Template parse(String source) {
    if (source.length() > CHARACTERS_MAX) {
      throw new TemplateException(
          "the template has %,d characters; at most %,d can be read"
              .formatted(source.length(), CHARACTERS_MAX));
    }
    return new Template(Parser.parse(source));
  }

  /// Renders within the default bounds.
  ///
  /// @param arguments the variables, by name
  /// @param now what `strftime_now` tells
  /// @throws TemplateException if the template fails or refuses the arguments
  public Rendering render(Map<String, Value> arguments, LocalDateTime now) {
    return render(arguments, now, Bounds.DEFAULT);
  }

  /// Renders.
  ///
  /// @param arguments the variables, by name; they do not change
  /// @param now what `strftime_now` tells
  /// @param bounds on work and sizes
  /// @throws TemplateException if the template fails, refuses the arguments or exceeds a bound
  public Rendering render(Map<String, Value> arguments, LocalDateTime now, Bounds bounds) {
    long units = arguments.values().stream().mapToLong(Nesting::units).sum();
    var interpreter = new Interpreter(bounds.meter(units), now, arguments);
    return Rendering.of(interpreter.render(nodes));
  }
}
