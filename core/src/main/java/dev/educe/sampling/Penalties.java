package dev.educe.sampling;

/// Lowers the scores of tokens that are among the last ones of the sequence, prompt included.
///
/// `repetition` divides a positive score and multiplies another; then `presence` is subtracted once
/// and `frequency` as often as the token is there.
///
/// Source: Keskar et al. 2019, "CTRL", section 4.1, and the OpenAI API's two penalties, as
/// llama.cpp combines them.
///
/// @param repetition divides positive and multiplies negative scores; 1 is none
/// @param presence subtracted from scores of recent tokens
/// @param frequency subtracted once for each time a token is among the recent ones
/// @param tokens how many of the last tokens count as recent; 0 switches penalties off, -1 counts
///   all
public record Penalties(float repetition, float presence, float frequency, int tokens) {
  /// Changes nothing, but looks at the last 64 tokens once a penalty is set.
  public static final Penalties NONE = new Penalties(1, 0, 0, 64);

  /// @throws IllegalArgumentException if a setting is out of range
  public Penalties {
    float max = Setting.PENALTY_MAX;
    Setting.check(
        repetition >= 1 / max && repetition <= max,
        "repetitionPenalty",
        "0.001 to 1000",
        repetition);
    Setting.check(Math.abs(presence) <= max, "presencePenalty", "-1000 to 1000", presence);
    Setting.check(Math.abs(frequency) <= max, "frequencyPenalty", "-1000 to 1000", frequency);
    Setting.check(tokens >= -1, "penaltyTokens", "-1 (all), 0 (none) or more", tokens);
  }

  public Penalties withRepetition(float repetition) {
    return new Penalties(repetition, presence, frequency, tokens);
  }

  public Penalties withPresence(float presence) {
    return new Penalties(repetition, presence, frequency, tokens);
  }

  public Penalties withFrequency(float frequency) {
    return new Penalties(repetition, presence, frequency, tokens);
  }

  public Penalties withTokens(int tokens) {
    return new Penalties(repetition, presence, frequency, tokens);
  }

  /// Whether recent tokens change a score.
  public boolean isOn() {
    return tokens != 0 && (repetition != 1 || presence != 0 || frequency != 0);
  }

  void apply(Candidates candidates) {
    candidates.beginScoring();
    int end = candidates.tokenCount();
    int begin = end - Setting.last(tokens, end);
    int[] counts = candidates.marks();
    for (int i = begin; i < end; i++) {
      counts[candidates.token(i)]++;
    }
    for (int i = begin; i < end; i++) {
      int id = candidates.token(i);
      int count = counts[id];
      if (count > 0) {
        counts[id] = 0;
        float score = candidates.score(id);
        score = score > 0 ? score / repetition : score * repetition;
        candidates.score(id, score - (frequency * count + presence));
      }
    }
  }
}
