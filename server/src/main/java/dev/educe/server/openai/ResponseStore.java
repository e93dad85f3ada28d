package dev.educe.server.openai;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/// Responses that clients may refer to later, for each tenant by itself and in memory only. Those
/// that were not used for the longest are forgotten when a tenant's become too many. Thread-safe.
final class ResponseStore {
  // For each tenant.
  private static final int COUNT_MAX = 1_000;
  private static final long CHARS_MAX = 16L << 20;

  private final Map<String, Shelf> shelves = new ConcurrentHashMap<>();

  /// A response.
  ///
  /// @param id of it
  /// @param previous the id of the one it goes on from, if it does
  /// @param input what came with it, item by item
  /// @param output what it answered, item by item
  /// @param body the response as it was answered
  record Stored(
      String id,
      Optional<String> previous,
      List<JsonNode> input,
      List<JsonNode> output,
      JsonNode body) {
    Stored {
      input = List.copyOf(input);
      output = List.copyOf(output);
    }

    private long chars() {
      long chars = 2L * body.toString().length(); // the output is in the body, too
      for (JsonNode item : input) {
        chars += item.toString().length();
      }
      return chars;
    }
  }

  private static final class Shelf {
    private final Map<String, Stored> responses = new LinkedHashMap<>(16, 0.75f, true);
    private long chars;

    private synchronized void put(Stored stored) {
      responses.put(stored.id(), stored);
      chars += stored.chars();
      var eldest = responses.values().iterator();
      while (responses.size() > COUNT_MAX || (chars > CHARS_MAX && responses.size() > 1)) {
        chars -= eldest.next().chars();
        eldest.remove();
      }
    }

    private synchronized Optional<Stored> remove(String id) {
      var removed = Optional.ofNullable(responses.remove(id));
      removed.ifPresent(stored -> chars -= stored.chars());
      return removed;
    }

    private synchronized Optional<Stored> get(String id) {
      return Optional.ofNullable(responses.get(id));
    }
  }

  private Shelf shelf(String tenant) {
    return shelves.computeIfAbsent(tenant, _ -> new Shelf());
  }

  void put(String tenant, Stored stored) {
    shelf(tenant).put(stored);
  }

  Optional<Stored> get(String tenant, String id) {
    return shelf(tenant).get(id);
  }

  /// @return what there was
  Optional<Stored> remove(String tenant, String id) {
    return shelf(tenant).remove(id);
  }

  /// A response and all it goes on from, the first one first; empty if one of them is gone.
  Optional<List<Stored>> thread(String tenant, String id) {
    var thread = new ArrayList<Stored>();
    for (var next = Optional.of(id); next.isPresent(); ) {
      var stored = get(tenant, next.get());
      if (stored.isEmpty()) {
        return Optional.empty();
      }
      thread.addFirst(stored.get());
      next = stored.get().previous();
    }
    return Optional.of(thread);
  }
}
