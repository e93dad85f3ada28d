package dev.educe.server.openai;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/// Lists in pages, as all of OpenAI's lists come.
///
/// @param limitDefault how many items a page has unless it is said
/// @param limitMax how many it may have
record Pages(int limitDefault, int limitMax) {
  /// Of most lists.
  static final Pages USUAL = new Pages(20, 100);

  /// @param items the first one first
  /// @param exchange whose parameters are `limit`, `order` and `after`
  Map<String, Object> page(List<? extends JsonNode> items, Exchange exchange) {
    String order = exchange.query("order").orElse("desc");
    if (!order.equals("asc") && !order.equals("desc")) {
      throw Fields.invalid("order", "invalid_value", "Invalid 'order': expected 'asc' or 'desc'.");
    }
    var ordered = order.equals("asc") ? items : items.reversed();
    int begin = exchange.query("after").map(id -> after(ordered, id)).orElse(0);
    int end = Math.min(ordered.size(), begin + limit(exchange.query("limit")));
    var page = ordered.subList(begin, end);
    return Map.of(
        "object",
        "list",
        "data",
        page,
        "first_id",
        page.isEmpty() ? "" : id(page.getFirst()),
        "last_id",
        page.isEmpty() ? "" : id(page.getLast()),
        "has_more",
        end < ordered.size());
  }

  private static String id(JsonNode item) {
    return item.path("id").asString("");
  }

  private static int after(List<? extends JsonNode> items, String id) {
    return IntStream.range(0, items.size())
            .filter(i -> id(items.get(i)).equals(id))
            .findFirst()
            .orElseThrow(() ->
                Fields.invalid("after", "invalid_value", "Invalid 'after': no item has this id."))
        + 1;
  }

  private int limit(Optional<String> limit) {
    String text = limit.orElse(Integer.toString(limitDefault));
    int number = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (number < 1 || number > limitMax) {
      throw Fields.invalid(
          "limit",
          "invalid_value",
          "Invalid 'limit': expected a number from 1 to %d.".formatted(limitMax));
    }
    return number;
  }
}
