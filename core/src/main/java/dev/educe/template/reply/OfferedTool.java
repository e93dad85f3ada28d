package dev.educe.template.reply;

import java.util.Set;

/// A tool that the model may call.
///
/// @param name of the tool
/// @param textParameters the parameters whose schema allows nothing but strings: some families
///   write values without quotes, where only the schema tells the text `18` from the number
public record OfferedTool(String name, Set<String> textParameters) {
  public OfferedTool {
    textParameters = Set.copyOf(textParameters);
  }
}
