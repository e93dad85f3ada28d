package dev.educe.template.reply;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The tools that the model may call, by name.
record OfferedTools(Map<String, Set<String>> textParameters) {
  static OfferedTools of(List<OfferedTool> tools) {
    var byName = new HashMap<String, Set<String>>();
    tools.forEach(tool -> byName.put(tool.name(), tool.textParameters()));
    return new OfferedTools(byName);
  }

  boolean isEmpty() {
    return textParameters.isEmpty();
  }

  boolean has(String name) {
    return textParameters.containsKey(name);
  }

  /// Whether the parameter takes nothing but text.
  boolean isText(String tool, String parameter) {
    return textParameters.getOrDefault(tool, Set.of()).contains(parameter);
  }
}
