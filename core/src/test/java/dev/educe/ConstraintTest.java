package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation.Finish;
import dev.educe.sampling.Constraint;
import dev.educe.sampling.ConstraintException;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Mirostat;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Texts that must fit something, and the tokens that need no choice.
class ConstraintTest {
  private static final int END = 2;
  private static final int FORCED_FROM = 40;

  private static Model model;

  @BeforeAll
  static void load(@TempDir Path folder) throws IOException {
    var file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("tiny.gguf"));
    model =
        Model.load(
            file, LoadOptions.defaults().withThreads(1).withSequences(4).withContextLength(256));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  /// Free and forced tokens by turns: some of each, then the end.
  private static final class Rhythm implements Constraint {
    private final int free;
    private final int forced;
    private final int length;
    private final boolean forces;
    private final List<Integer> taken = new ArrayList<>();

    Rhythm(int free, int forced, int length, boolean forces) {
      this.free = free;
      this.forced = forced;
      this.length = length;
      this.forces = forces;
    }

    private boolean isForced() {
      return taken.size() % (free + forced) >= free;
    }

    @Override
    public long[] allowed() {
      var allowed = new long[Math.ceilDiv(model.vocabularySize(), Long.SIZE)];
      if (taken.size() >= length) {
        allowed[0] = 1L << END;
      } else if (isForced()) {
        allowed[0] = 1L << (FORCED_FROM + taken.size() % 20);
      } else {
        Arrays.fill(allowed, -1);
        allowed[0] &= ~7L; // no control tokens
      }
      return allowed;
    }

    @Override
    public boolean accept(int token) {
      if ((allowed()[token / Long.SIZE] >>> token & 1) == 0) {
        return false;
      }
      taken.add(token);
      return true;
    }

    @Override
    public boolean mustEnd() {
      return taken.size() >= length;
    }

    @Override
    public OptionalInt forced() {
      return forces ? Constraint.super.forced() : OptionalInt.empty();
    }
  }

  private static Request request(Supplier<? extends Constraint> constraint, Sampling sampling) {
    return Request.of("hello world")
        .withTokensMax(120)
        .withSampling(sampling)
        .withConstraint(constraint);
  }

  private static List<Sampling> samplings() {
    var drawn = Sampling.defaults().withTemperature(1.5f).withTopK(0).withSeed(9);
    return List.of(
        Sampling.greedy(),
        drawn,
        drawn.with(Mirostat.NONE.withVersion(2)),
        drawn.withRepetitionPenalty(1.3f));
  }

  @Test
  void forcedTokensChangeNothingButTheStepsTheyTake() {
    for (int[] rhythm : new int[][] {{4, 4}, {1, 30}, {3, 1}, {0, 90}}) {
      for (var sampling : samplings()) {
        var waiting = request(() -> new Rhythm(rhythm[0], rhythm[1], 90, false), sampling);
        long before = model.progress().steps();
        var expected = model.generate(waiting);
        long waited = model.progress().steps() - before;
        var forcing = request(() -> new Rhythm(rhythm[0], rhythm[1], 90, true), sampling);
        var actual = model.generate(forcing);
        assertEquals(expected.tokens(), actual.tokens());
        assertEquals(expected.text(), actual.text());
        assertEquals(Finish.STOP, actual.finish());
        assertEquals(90, actual.tokens().size());
        long forced = model.progress().steps() - before - waited;
        assertTrue(forced < waited, forced + " steps with forcing, " + waited + " without");
        var told = model.generate(forcing.withLogprobs(1));
        assertEquals(expected.tokens(), told.tokens());
        assertEquals(90, told.logprobs().size());
      }
    }
  }

  @Test
  void manyThatForceRunBesideOthers() {
    var plain = Request.of("old world").withTokensMax(60).withSampling(samplings().get(1));
    var forcing = request(() -> new Rhythm(2, 25, 90, true), samplings().get(1));
    var alone = model.generate(plain.withIgnoreEnd(true));
    var expected = model.generate(forcing, 8).stream().map(Generation::tokens).toList();
    try (var beside = model.start(plain.withIgnoreEnd(true))) {
      var together = model.generate(forcing, 8).stream().map(Generation::tokens).toList();
      assertEquals(expected, together);
      beside.forEachRemaining(_ -> {});
      assertEquals(alone.tokens(), beside.result().tokens());
    }
  }

  @Test
  void limitsAndStopTextsHoldInTheMiddleOfForcedTokens() {
    var sampling = Sampling.greedy();
    var whole = model.generate(request(() -> new Rhythm(2, 40, 90, true), sampling));
    for (int limit : new int[] {1, 2, 3, 17, 42, 43}) {
      var cut =
          model.generate(request(() -> new Rhythm(2, 40, 90, true), sampling).withTokensMax(limit));
      assertEquals(whole.tokens().subList(0, limit), cut.tokens());
      assertEquals(Finish.LENGTH, cut.finish());
    }
    String stop = whole.text().substring(20, 23);
    var stopped =
        model.generate(
            request(() -> new Rhythm(2, 40, 90, true), sampling).withStop(List.of(stop)));
    assertEquals(Finish.STOP, stopped.finish());
    assertEquals(whole.text().substring(0, whole.text().indexOf(stop)), stopped.text());
  }

  @Test
  void completeTextsEndWhateverElseIsAsked() {
    var patient = Sampling.greedy().with(TokenRules.NONE.withMinTokens(100));
    var done = model.generate(request(() -> new Rhythm(3, 3, 12, true), patient));
    assertEquals(Finish.STOP, done.finish());
    assertEquals(12, done.tokens().size());
  }

  /// Nothing but one token, or the end; `otherwise` is what any other token stands for.
  private record OneToken(int token, int end, OptionalInt otherwise) implements Constraint {
    @Override
    public long[] allowed() {
      var allowed = new long[Math.max(token, end) / Long.SIZE + 1];
      allowed[token / Long.SIZE] |= 1L << token;
      allowed[end / Long.SIZE] |= 1L << end;
      return allowed;
    }

    @Override
    public boolean accept(int next) {
      return next == token || next == end;
    }

    @Override
    public boolean mustEnd() {
      return false;
    }
  }

  @Test
  void whatDoesNotFitStandsForAnother() {
    LogitsProcessor likings =
        logits -> {
          logits.set(END, -50);
          logits.set(50, 20);
          logits.set(60, 30);
        };
    for (var otherwise : List.of(OptionalInt.empty(), OptionalInt.of(END))) {
      for (int fitting : new int[] {50, 60}) {
        var request = request(() -> new OneToken(fitting, END, otherwise), Sampling.greedy());
        var finish = model.generate(request.withProcessors(List.of(likings))).finish();
        boolean ends = fitting == 50 && otherwise.isPresent();
        assertEquals(ends ? Finish.STOP : Finish.LENGTH, finish);
      }
    }
  }

  @Test
  void whatLeavesNothingFailsWithASentence() {
    var nothing =
        new Constraint() {
          @Override
          public long[] allowed() {
            return new long[0];
          }

          @Override
          public boolean accept(int token) {
            return false;
          }

          @Override
          public boolean mustEnd() {
            return false;
          }
        };
    var thrown =
        assertThrows(
            ConstraintException.class,
            () -> model.generate(request(() -> nothing, Sampling.greedy())));
    assertTrue(thrown.getMessage().startsWith("no token of the vocabulary fits"));
    assertEquals(
        5,
        model
            .generate(request(() -> new Rhythm(9, 0, 5, true), samplings().get(1)))
            .tokens()
            .size());
  }
}
