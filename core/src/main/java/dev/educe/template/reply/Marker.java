package dev.educe.template.reply;

/// Facts about markers.
final class Marker {
  private Marker() {}

  /// Whether the marker looks like a token of its own, which a model never writes to talk about it;
  /// others, such as `<think>`, may well be quoted.
  static boolean isControl(String marker) {
    return marker.startsWith("<|")
        || marker.startsWith("<｜")
        || marker.startsWith("[TOOL_")
        || marker.startsWith("[THINK");
  }
}
