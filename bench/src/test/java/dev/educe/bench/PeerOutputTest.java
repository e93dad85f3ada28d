package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/// Reads samples of what the tools really print, shortened.
class PeerOutputTest {
  private static final String BENCH_JSON =
      """
      [
        {
          "build_commit": "unknown",
          "build_number": 0,
          "model_type": "llama ?B Q4_0 (guessed)",
          "n_threads": 2,
          "repack": false,
          "n_prompt": 32,
          "n_gen": 0,
          "avg_ts": 31.5,
          "test": "pp32",
          "samples_ns": [ 3249858490, 602409638 ],
          "samples_ts": [ 9.84658, 53.12 ]
        }
      ]
      """;

  private static final String BATCHED_TABLE =
      """
      main: n_kv_max = 4096, n_batch = 2048, n_threads = 2

      |    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |
      |-------|--------|------|--------|----------|----------|----------|----------|
      |     1 |      2 |    4 |     12 |    0.114 |    34.94 |    1.100 |     7.27 |
      |     1 |      2 |    4 |     12 |    1.438 |     2.78 |    1.845 |     4.34 |

      llama_print_timings:        load time =    1397.63 ms
      """;

  private static final String EDUCE_JSON =
      """
      {
        "model" : "1b.gguf",
        "repetitions" : 1,
        "tests" : [ {
          "test" : "tg4 x16",
          "tokens_per_second" : 103.03
        } ]
      }
      """;

  @Test
  void theLastRepetitionOfLlamaBenchCounts() throws Exception {
    assertEquals(53.12, ToolsPeer.benchRate(BENCH_JSON));
  }

  @Test
  void theLastRowOfLlamaBatchedBenchCounts() throws Exception {
    assertEquals(4.34, ToolsPeer.batchedRate(BATCHED_TABLE));
  }

  @Test
  void aVersionIsFoundAmongOtherLines() {
    assertEquals(
        "4567 (abcdef0)", ToolsPeer.version("version: 4567 (abcdef0)\nbuilt with cc 12.2"));
    assertEquals("unknown", ToolsPeer.version("usage: llama-batched-bench"));
  }

  @Test
  void educesRateIsThatOfItsOnlyTest() {
    assertEquals(103.03, EducePeer.rate(EDUCE_JSON));
  }

  @Test
  void figuresOfTheDriverAreFoundByName() throws Exception {
    String said = "value 53.25\nversion 0.5.0-dev\nown-bytes 57839616\n";
    assertEquals(53.25, LlamaCppDriver.figure(said, LlamaCppDriver.VALUE));
    assertEquals(57839616, LlamaCppDriver.figure(said, LlamaCppDriver.OWN_BYTES));
    assertEquals("0.5.0-dev", LlamaCppDriver.text(said, LlamaCppDriver.VERSION));
  }

  @Test
  void outputWithoutAFigureIsAFailureThatSaysSo() {
    assertFails("llama-bench printed no samples_ts", () -> ToolsPeer.benchRate("[]"));
    assertFails("llama-bench printed no samples_ts", () -> ToolsPeer.benchRate(""));
    String headOnly = BATCHED_TABLE.substring(0, BATCHED_TABLE.indexOf("|     1"));
    assertFails(
        "llama-batched-bench printed no row with S_TG t/s", () -> ToolsPeer.batchedRate(headOnly));
    assertFails(
        "llama-batched-bench printed no row with S_TG t/s", () -> ToolsPeer.batchedRate("error"));
    assertFails("its driver gave no value", () -> LlamaCppDriver.figure("", "value"));
    var e = assertThrows(PeerFailedException.class, () -> ToolsPeer.benchRate("error: no model"));
    assertEquals("llama-bench printed no JSON", e.getMessage().split(":")[0]);
  }

  private interface Parsing {
    void run() throws PeerFailedException;
  }

  private static void assertFails(String message, Parsing parsing) {
    assertEquals(message, assertThrows(PeerFailedException.class, parsing::run).getMessage());
  }
}
