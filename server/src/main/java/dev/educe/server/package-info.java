/// An OpenAI-compatible server over the engine.
///
/// [dev.educe.server.EduceServer] puts the parts together: `http` knows HTTP and nothing of models,
/// `access` who may do what, `model` what can be asked of a model, `openai` the shape of requests
/// and answers, `config` what an operator can set.
package dev.educe.server;
