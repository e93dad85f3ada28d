package dev.educe.sampling;

/// Lowers the scores of tokens that are among the last ones of the sequence, prompt included.
///
/// `repetition` divides a positive score and multiplies another; then `presence` is subtracted once
/// and `frequency` as often as the token is there.
///
/// Source: Keskar et al. 2019, "CTRL", section 4.1, and the OpenAI API's two penalties, as
/// llama.cpp combines them.
///
/// @param tokens how many of the last tokens count
record Penalties(float repetition, float presence, float frequency, int tokens) implements Step {
  @Override
  public void apply(Candidates candidates) {
    int length = Math.min(tokens, candidates.tokenCount());
    int[] recent = candidates.recentSorted(length);
    int next;
    for (int first = 0; first < length; first = next) {
      int id = recent[first];
      next = first + 1;
      while (next < length && recent[next] == id) {
        next++;
      }
      float score = candidates.score(id);
      score = score > 0 ? score / repetition : score * repetition;
      candidates.score(id, score - (frequency * (next - first) + presence));
    }
  }
}
