package dev.educe.server.batch;

import dev.educe.server.http.Quota;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/// A file or a batch, as clients see it, and what the ledger keeps beside. Not to be changed:
/// [#with] copies.
///
/// @param tenant whose it is
/// @param quota of the key that it was made with
/// @param until when its time is over, in seconds of [Ledger#seconds]: what of a batch has no
///   answer then never gets one; anything else is forgotten
/// @param object as OpenAI's API has it
public record Stored(String tenant, Quota quota, long until, ObjectNode object) {
  /// The end of what has none.
  public static final long FOREVER = Long.MAX_VALUE;

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
    return new Stored(tenant, quota, until, copy);
  }

  /// A copy with another end.
  Stored until(long seconds) {
    return new Stored(tenant, quota, seconds, object);
  }
}
