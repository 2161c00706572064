// The icon of a vertex: by its type if it is one of SageMaker's, else by its kind.

import {
  BadgeCheck,
  Box,
  Boxes,
  Container,
  Database,
  FileCog,
  FlaskConical,
  Layers,
  type LucideIcon,
  Radio,
  Rocket,
  Shapes,
  Sparkles,
  Zap,
} from "lucide-react";
import type { LineageType } from "../generated/graphql";

const KINDS: Record<LineageType, LucideIcon> = {
  ARTIFACT: Shapes,
  CONTEXT: Layers,
  ACTION: Zap,
  TRIAL_COMPONENT: FlaskConical,
};

const TYPES: Record<string, LucideIcon> = {
  DataSet: Database,
  Image: Container,
  Model: Box,
  Endpoint: Radio,
  ModelGroup: Boxes,
  ModelPackageGroup: Boxes,
  ModelDeployment: Rocket,
  Approval: BadgeCheck,
  SageMakerTrainingJob: Sparkles,
  SageMakerProcessingJob: FileCog,
};

export function Icon({ lineageType, type }: { lineageType: LineageType; type: string | null }) {
  const Sign = (type !== null && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? KINDS[lineageType];
  return <Sign className="icon" aria-hidden size={20} strokeWidth={1.75} />;
}
