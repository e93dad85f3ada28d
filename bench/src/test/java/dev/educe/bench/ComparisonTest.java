package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/// Holds a contest between peers that only say figures, and shows it in each form.
class ComparisonTest {
  private static final Workload LOAD = new Workload(512, 128, 16, 32);

  /// Says ten times the round, counted from 1, times a factor; hangs with more than one thread.
  private record Speaker(String name, double factor, List<String> calls) implements Peer {
    @Override
    public String version() {
      return "1 <beta> & \"more\"";
    }

    @Override
    public boolean offers(dev.educe.bench.Test test) {
      return test != dev.educe.bench.Test.START;
    }

    @Override
    public Sample run(dev.educe.bench.Test test, int threads) throws PeerFailedException {
      calls.add(test + " " + name + " " + threads);
      if (threads > 1) {
        throw new PeerFailedException("it was ended after 60 s");
      }
      long round = calls.stream().filter(calls.getLast()::equals).count();
      return new Sample(10 * round * factor, 500_000_000);
    }
  }

  private final List<String> calls = new ArrayList<>();

  private Comparison comparison() throws Exception {
    List<Peer> peers =
        List.of(new Speaker(EducePeer.NAME, 3, calls), new Speaker("slow & <old>", 1, calls));
    var contest = new Contest(peers, List.of(1, 2), LOAD, _ -> {});
    contest.run(3);
    var machine = new MachineDescription("cpu", 2, 1 << 30, "Linux 6", "25", 0.5, "abc");
    return new Comparison(
        LocalDate.of(2026, 1, 2),
        "a-model",
        3,
        machine,
        LOAD,
        new ModelWork(400_000_000, 390_000_000, 1_000_000_000, 16_384),
        Map.of("slow & <old>", "1 <beta> & \"more\""),
        Map.of("gone", "it is not installed"),
        Metric.of(contest.trials(), LOAD));
  }

  @Test
  void peersTakeTurnsAndAllThreadsAreTriedOnce() throws Exception {
    comparison();
    String slow = " slow & <old> ";
    assertEquals(
        List.of("PROMPT Educe 1", "PROMPT" + slow + "1", "PROMPT Educe 2", "PROMPT" + slow + "2"),
        calls.subList(0, 4));
    // Three tests: four calls each in the first round, then two; the last begins in turn.
    assertEquals(3 * (4 + 2 + 2), calls.size());
    assertEquals("PROMPT" + slow + "1", calls.get(12));
  }

  @Test
  void theTableHasRatiosFailuresAndWhoIsAbsent() throws Exception {
    String table = ComparisonTable.of(comparison());
    assertTrue(table.contains("absent: gone (it is not installed)"), table);
    assertTrue(table.contains(" 3.00 (3.00 to 3.00)"), table);
    assertTrue(table.contains("with 2 threads: it was ended after 60 s"), table);
    assertTrue(table.contains("60.00  30.00 to 90.00"), table);
    assertTrue(table.contains("decode 16 × 32"), table);
    assertFalse(table.contains("null"), table);
  }

  @Test
  void theFileHasEveryValue() throws Exception {
    var mapper = tools.jackson.databind.json.JsonMapper.shared();
    var json = mapper.readTree(mapper.writeValueAsString(comparison().json()));
    var prompt = json.path("metrics").path(0);
    assertEquals("prompt of 512", prompt.path("title").asString());
    var other = prompt.path("entries").path(1);
    assertEquals(20, other.path("median").asDouble());
    assertEquals(3, other.path("values").size());
    assertEquals(3, other.path("educe_ratio_median").asDouble());
    assertEquals("2 threads: it was ended after 60 s", other.path("failures").path(0).asString());
    assertEquals("abc", json.path("machine").path("commit").asString());
    assertEquals(
        1,
        json.path("metrics").path(4).path("entries").path(1).path("educe_ratio_median").asDouble());
  }

  @Test
  void thePictureIsWellFormedAndItsBarsFit() throws Exception {
    String svg = ComparisonPlot.of(comparison());
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    var root = document.getDocumentElement();
    assertEquals("svg", root.getTagName());
    double width = Double.parseDouble(root.getAttribute("width"));
    double height = Double.parseDouble(root.getAttribute("height"));
    var rects = root.getElementsByTagName("rect");
    // The ground, and for each of three tests and memory one bar for each peer.
    assertEquals(1 + 4 * 2, rects.getLength());
    for (int i = 1; i < rects.getLength(); i++) {
      var bar = (Element) rects.item(i);
      assertTrue(sum(bar, "x", "width") <= width, svg);
      assertTrue(sum(bar, "y", "height") <= height, svg);
    }
    assertTrue(svg.contains("slow &amp; &lt;old&gt;"), svg);
  }

  private static double sum(Element element, String first, String second) {
    return Double.parseDouble(element.getAttribute(first))
        + Double.parseDouble(element.getAttribute(second));
  }
}
