package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Educe;
import dev.educe.kernels.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Command lines that make no sense, and files that are not there: a sentence and a code.
class UsageTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frobnicate | there is no command 'frobnicate'",
        "run m --temperatur 1 | unknown option: '--temperatur'",
        "run m --temperature -1 | --temperature must be 0 or more, got -1.0",
        "run m --temperature hot | invalid value for option '--temperature': 'hot' is not a float",
        "run m --top-p 3 | --top-p must be above 0 and at most 1, got 3.0",
        "run m --top-k -1 | --top-k must be 0 (all) or more, got -1",
        "run m --repetition-penalty 0 | --repetition-penalty must be 0.001 to 1000, got 0.0",
        "run m --top-nsigma -1 | --top-nsigma must be 0 (all) or more, got -1.0",
        "run m --mirostat 3 | --mirostat must be 0 (off), 1 or 2, got 3",
        "run m --repeat-last-n -2 | --repeat-last-n must be -1 (all), 0 (none) or more, got -2",
        "run m --dry-base 0.5 | --dry-base must be 1 to 1000, got 0.5",
        "run m --xtc-probability 2 | --xtc-probability must be 0 (never) to 1, got 2.0",
        "run m --samplers top_k;luck | there is no sampler 'luck'; there are: penalties;dry;"
            + "top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature",
        "run m --samplers top_k;top-k | the samplers name 'top_k' twice; name each once",
        "run m -l 5 | --logit-bias must be a token id and a number with its sign, as 15043+1.5, got"
            + " '5'",
        "run m -l 5+inf | logitBias of token 5 must be -1000 to 1000 or -infinity, got Infinity",
        "run m -n 0 | -n must be 1 to 16,777,216, got 0",
        "run m -t 0 | --threads must be 1 to 1,024, got 0",
        "run m -c -5 | --context must be 1 to 16,777,216, got -5",
        "run m --speculate always | --speculate must be auto or off, got always",
        "chat m --speculate always | --speculate must be auto or off, got always",
        "run m --kv f8 | --kv must be f32, f16 or i8, got f8",
        "run m --kernels x | --kernels must be scalar, vector, generated or generated:TIER, got x",
        "run m a b | unexpected argument 'b'; a text of several words needs quotation marks",
        "logits m | --tokens is missing: give token ids, for instance --tokens 1,403",
        "logits m --tokens 1,x | invalid value for option '--tokens' (ID): 'x' is not an int",
        "template | FILE is missing: give the path of a Jinja template",
        "template t --now noon | invalid value for option '--now': give a time as"
            + " 2026-01-15T09:30:00, not 'noon'",
        "batch | FILE is missing: give the path of a file of requests",
        "batch f | -o is missing: give the path of the file for the answers",
        "batch f -o o --lines 0 | --lines must be 1 to 4,096, got 0",
        "evaluate | MODEL is missing: give the paths of one GGUF file or more",
        "evaluate m --max-kld 1 | --max-kld needs --against: give the model to compare with",
        "imatrix m | --on is missing: give the path of a text",
        "prune m o --on t | say what to take out: --parameters, --layers, --ffn, --vocabulary or"
            + " --magnitude",
        "prune m o --on t --layers x | an amount is a number or a share, as 3 or 25%, got 'x'",
        "prune m o --layers 1 --parameters 25% | give a share of all parameters, or layers and"
            + " feed-forward units, not both",
        "distil m | --student is missing: give layers=4,… or a GGUF file",
        "distil m --student layers=1 | --data is missing: give a file of texts, or self",
        "distil m --student layers=1 --data self | -o is missing: give the path of the file"
            + " to write",
        "distil m --student layers=1 --data self -o o | the student lacks 'hidden=…'",
        "distil m --student m --data self -o o --steps 1 --tokens 1 | --tokens must be given"
            + " without --steps, got both",
        "perplexity m -c 2 | --context must be 4 to 16,777,216, got 2",
        "bench m -b 0 | -b must be 1 to 4,096, got 0",
        "bench m -p 0 -n 0 | there is nothing to measure: -p or -n must be above 0",
        "bench --make llama-1b | --make: there is no shape 'llama'; there are llama-tiny, llama-1b,"
            + " llama-3b, llama-moe",
        "bench serve | URL is missing: give the address of a server, as http://localhost:8080",
        "bench serve ftp://x | URL must be the address of a server, as http://localhost:8080, got"
            + " ftp://x",
        "bench serve x --rate 1 --concurrency 1 | give --rate or --concurrency, not both",
        "bench serve x --rate 0 | --rate must be above 0 and at most 1,000,000, got 0.0",
        "bench serve x -p 9-3 | -p must be 9 to 2,147,483,647, got 3",
        "bench serve x --endpoint chap | --endpoint must be completions or chat, got chap",
        "bench serve x --goodput ttft | --goodput: a goal is ttft, tpot or e2e, a colon and"
            + " milliseconds, as ttft:200, got ttft",
      })
  void nonsenseIsAnsweredByASentence(String line, String sentence) {
    var ran = Ran.educe(line.split(" "));
    assertEquals(ExitCode.USAGE, ran.code(), ran.err());
    assertEquals("", ran.out());
    assertTrue(ran.err().startsWith("educe: " + sentence + "\n"), ran.err());
    assertTrue(ran.err().contains("--help'."), ran.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"inspect", "tokenize", "embed", "perplexity", "bench"})
  void withoutAModelASentenceSaysHowToGetOne(String command) {
    var ran = Ran.educe(command);
    assertEquals(ExitCode.USAGE, ran.code());
    assertTrue(ran.err().startsWith("educe: MODEL is missing: give the path of a GGUF"), ran.err());
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws IOException {
    var text = Files.writeString(folder.resolve("text"), "no model at all");
    failed("no such file: nowhere.gguf", "run", "nowhere.gguf");
    failed("no such file: a folder/model", "run", "a folder/model");
    failed("no such file: nowhere", "run", "nowhere", "Once");
    failed(folder + " is a directory; give the path of a file", "inspect", folder.toString());
    assertTrue(failed("", "tokenize", text.toString(), "x").contains("text: "));
  }

  @Test
  void aMistypedOptionIsGuessed() {
    assertTrue(Ran.educe("inspect", "m", "--jsn").err().contains("Did you mean --json?"));
  }

  @Test
  void withoutACommandTheListIsShownAsAMistake() {
    var ran = Ran.educe();
    assertEquals(ExitCode.USAGE, ran.code());
    assertTrue(ran.err().contains("perplexity"), ran.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run",
        "inspect",
        "tokenize",
        "embed",
        "perplexity",
        "evaluate",
        "imatrix",
        "prune",
        "logits",
        "template",
        "batch",
        "bench",
        "distil"
      })
  void everyCommandExplainsItselfInLinesThatFit(String command) {
    var ran = Ran.educe(command, "--help");
    assertEquals(ExitCode.OK, ran.code());
    assertEquals("", ran.err());
    assertTrue(ran.out().contains("Examples:"), ran.out());
    ran.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }

  @Test
  void theLoadExplainsItself() {
    var ran = Ran.educe("bench", "serve", "--help");
    assertEquals(ExitCode.OK, ran.code());
    assertTrue(ran.out().contains("Examples:"), ran.out());
    ran.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
  }

  @Test
  void theVersionTellsWhatAResultWasMadeWith() {
    var ran = Ran.educe("--version");
    assertEquals(ExitCode.OK, ran.code());
    assertTrue(ran.out().startsWith("educe " + Educe.VERSION + "\n"), ran.out());
    assertTrue(ran.out().contains("arithmetic contract " + Kernels.CONTRACT_VERSION), ran.out());
    assertTrue(ran.out().contains(Runtime.version().toString()), ran.out());
  }

  private static String failed(String sentence, String... arguments) {
    var ran = Ran.educe(arguments);
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("", ran.out());
    assertTrue(ran.err().startsWith("educe: " + sentence), ran.err());
    assertEquals(1, ran.err().lines().count(), ran.err());
    return ran.err();
  }
}
