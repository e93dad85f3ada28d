package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// Tools as methods with records, and the loop that calls them.
class ToolTest {
  enum Unit {
    CELSIUS,
    KELVIN;

    @Override
    public String toString() {
      return "degrees " + name();
    }
  }

  record Point(double latitude, double longitude) {}

  @Description("Where and what.")
  record Query(
      @Description("a city") String city,
      int days,
      boolean isBrief,
      Unit unit,
      List<Point> points,
      Set<String> tags,
      Map<String, Integer> weights,
      Optional<Point> near) {}

  record Loop(List<Loop> inner) {}

  record Odd(Thread thread) {}

  record Empty() {}

  @Test
  void aSchemaIsDerivedFromARecord() {
    String point =
        "{'type':'object','properties':{'latitude':{'type':'number'},'longitude':{'type':'number'}}"
            + ",'required':['latitude','longitude'],'additionalProperties':false}";
    assertJson(
        "{'type':'object','properties':{'city':{'type':'string','description':'a city'},"
            + "'days':{'type':'integer'},'isBrief':{'type':'boolean'},"
            + "'unit':{'type':'string','enum':['CELSIUS','KELVIN']},"
            + "'points':{'type':'array','items':"
            + point
            + "},'tags':{'type':'array','items':{'type':'string'}},"
            + "'weights':{'type':'object','additionalProperties':{'type':'integer'}},'near':"
            + point
            + "},'required':['city','days','isBrief','unit','points','tags','weights'],"
            + "'additionalProperties':false,'description':'Where and what.'}",
        RecordSchema.of(Query.class));
    assertJson(
        "{'type':'object','properties':{},'required':[],'additionalProperties':false}",
        RecordSchema.of(Empty.class));
  }

  @Test
  void whatHasNoSchemaIsNamed() {
    var odd = assertThrows(IllegalArgumentException.class, () -> RecordSchema.of(Odd.class));
    assertTrue(
        odd.getMessage().contains("Odd.thread is a class java.lang.Thread"), odd.getMessage());
    var loop = assertThrows(IllegalArgumentException.class, () -> RecordSchema.of(Loop.class));
    assertTrue(loop.getMessage().contains("Loop holds itself"), loop.getMessage());
  }

  @Test
  void jsonBecomesARecordOrIsRefused() {
    String json =
        "{'city':'Paris','days':3,'isBrief':true,'unit':'KELVIN','points':[{'latitude':1,"
            + "'longitude':2.5}],'tags':['a'],'weights':{'x':1}}";
    var query = RecordSchema.read(quoted(json), Query.class);
    assertEquals(
        new Query(
            "Paris",
            3,
            true,
            Unit.KELVIN,
            List.of(new Point(1, 2.5)),
            Set.of("a"),
            Map.of("x", 1),
            Optional.empty()),
        query);
    for (String wrong :
        List.of(
            "{",
            "null",
            "[]",
            json.replace("'city':'Paris',", ""),
            json.replace("'days':3,", ""),
            json.replace("3", "3.5"),
            json.replace("'KELVIN'", "'ROMER'"),
            json.replace("'Paris'", "null"))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> RecordSchema.read(quoted(wrong), Query.class),
          wrong);
    }
  }

  @Test
  void aToolIsCalledWithARecordAndItsAnswerIsTold() {
    var tool = Tool.of("point", "moves", Point.class, p -> new Point(p.latitude() + 1, 0));
    assertEquals(
        quoted("{'latitude':3.5,'longitude':0.0}"),
        tool.body().orElseThrow().apply(quoted("{'latitude':2.5,'longitude':7}")));
    var text = Tool.of("point", "", Point.class, Point::toString);
    assertEquals(
        "Point[latitude=1.0, longitude=2.0]",
        text.body().orElseThrow().apply(quoted("{'latitude':1,'longitude':2}")));
    assertEquals(
        Set.of("city", "unit"), Tool.of("q", "", Query.class, q -> q).offered().textParameters());
  }

  @Test
  void whatIsNoToolIsRefused() {
    for (String name : List.of("", "two words", "a\nb", "x".repeat(129))) {
      assertThrows(IllegalArgumentException.class, () -> Tool.of(name, "", "{}"), name);
    }
    for (String schema : List.of("", "{", "[]", "null", "true")) {
      assertThrows(IllegalArgumentException.class, () -> Tool.of("f", "", schema), schema);
    }
    var tool = Tool.of("f", "", "{}");
    assertThrows(IllegalArgumentException.class, () -> ChatRequest.of("x").withTools(tool, tool));
    assertThrows(
        IllegalArgumentException.class,
        () -> ToolLoop.run(ChatRequest.of("x").withTools(tool), 1, _ -> reply("")));
  }

  @Test
  void theLoopCallsUntilTheModelAnswers() {
    var tool = Tool.of("add", "", Point.class, p -> p.latitude() + p.longitude());
    var good = new ToolCall("1", "add", quoted("{'latitude':1,'longitude':2}"));
    var bad = new ToolCall("2", "add", "{}");
    var unknown = new ToolCall("3", "sub", "{}");
    var replies = new ArrayDeque<>(List.of(reply("", good, bad), reply("", unknown), reply("3")));
    var seen = new ArrayList<Integer>();
    var added =
        ToolLoop.run(
            ChatRequest.of("1 + 2?").withTools(tool),
            5,
            request -> {
              seen.add(request.messages().size());
              return replies.remove();
            });
    assertEquals(List.of(1, 4, 6), seen);
    assertEquals(6, added.size());
    assertEquals(Message.result(good, "3.0"), added.get(1));
    assertTrue(added.get(2).text().startsWith("error: not the JSON of a Point"));
    assertEquals(Message.result(unknown, "error: there is no tool sub"), added.get(4));
    assertEquals(Message.assistant("3"), added.getLast());
  }

  @Test
  void theLoopEndsAfterItsRounds() {
    var tool = Tool.of("empty", "", Empty.class, _ -> "again");
    var call = new ToolCall("", "empty", "{}");
    var request = ChatRequest.of("x").withTools(tool);
    var added = ToolLoop.run(request, 2, _ -> reply("", call));
    assertEquals(5, added.size());
    assertEquals(reply("", call).message(), added.getLast());
    assertEquals(1, ToolLoop.run(request, 0, _ -> reply("", call)).size());
  }

  private static Reply reply(String text, ToolCall... calls) {
    var usage = new Generation.Usage(1, 0, 1, 0, 0, 0, 0, 0, 0);
    return new Reply(
        new Message.Assistant(text, "", List.of(calls)),
        new Generation(text, List.of(), List.of(), List.of(), Generation.Finish.STOP, usage));
  }

  private static String quoted(String json) {
    return json.replace('\'', '"');
  }

  private static void assertJson(String expected, String actual) {
    var mapper = JsonMapper.shared();
    assertEquals(mapper.readTree(quoted(expected)), mapper.readTree(actual));
  }
}
