/** Names the types of models in the user's language. */

import type { Translate } from "../types";

/** The texts by the type as Civitai or an infotext writes it, without capitals and spaces. */
const TEXTS: Record<string, string> = {
  model: "type_model",
  checkpoint: "type_model",
  lora: "type_lora",
  embed: "type_embed",
  textualinversion: "type_embed",
  hypernet: "type_hypernet",
  hypernetwork: "type_hypernet",
  vae: "type_vae",
  textencoder: "type_text_encoder",
  controlnet: "type_controlnet",
  upscaler: "type_upscaler",
  motionmodule: "type_motion",
  detection: "type_detection",
  aestheticgradient: "type_aesthetic",
  poses: "type_poses",
  wildcards: "type_wildcards",
  workflows: "type_workflows",
  other: "type_other",
};

/** Return the name of a model type in the user's language, or the type itself if it is unknown. */
export function getModelTypeName(type: string, translate: Translate) {
  const key = type.toLowerCase().replaceAll(/[ _]/g, "");
  return Object.hasOwn(TEXTS, key) ? translate(TEXTS[key]) : type;
}
