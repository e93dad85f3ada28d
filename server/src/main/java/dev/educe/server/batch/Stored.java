package dev.educe.server.batch;

import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/// A file or a batch, as clients see it. Not to be changed: [#with] copies.
///
/// @param tenant whose it is
/// @param object as OpenAI's API has it
public record Stored(String tenant, ObjectNode object) {
  public String id() {
    return text("id");
  }

  /// A member that is a text; empty if it is none.
  public String text(String name) {
    return object.path(name).asString("");
  }

  /// Whether it is a batch that is still worked on.
  public boolean isUnderWay() {
    return switch (text("status")) {
      case "validating", "in_progress", "finalizing", "cancelling" -> true;
      default -> false;
    };
  }

  /// A changed copy.
  public Stored with(Consumer<ObjectNode> change) {
    var copy = object.deepCopy();
    change.accept(copy);
    return new Stored(tenant, copy);
  }
}
