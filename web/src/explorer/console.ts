// Links to the AWS console for the source of a vertex; vertices themselves have no page there.

export interface Page {
  readonly href: string;
  /** The page's name, as it reads after "Open". */
  readonly name: string;
}

/** The console's host per AWS partition. */
const HOSTS: Record<string, string> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

/** SageMaker's pages, by the resource type in the ARN. */
const SAGEMAKER: Record<string, readonly [fragment: string, name: string]> = {
  "training-job": ["jobs", "the training job"],
  "processing-job": ["processing-jobs", "the processing job"],
  "transform-job": ["transform-jobs", "the transform job"],
  "hyper-parameter-tuning-job": ["hyper-tuning-jobs", "the tuning job"],
  endpoint: ["endpoints", "the endpoint"],
  "endpoint-config": ["endpointConfig", "the endpoint configuration"],
  model: ["models", "the model"],
  "model-package": ["model-packages", "the model package"],
};

/** Resource types that only Studio shows; its URLs differ per user. */
const STUDIO = ["model-package", "model-package-group", "pipeline", "experiment", "experiment-trial"];

interface Place {
  readonly host: string;
  readonly region: string;
}

/** The console's page for the source of the vertex with this ARN; null if there is none. */
export function consolePage(arn: string, sourceUri: string | null): Page | null {
  const place = placeOf(arn);
  if (place === null || sourceUri === null) return null;
  if (sourceUri.startsWith("arn:")) return resourcePage(sourceUri);
  return bucketPage(sourceUri, place) ?? imagePage(sourceUri);
}

function placeOf(arn: string): (Place & { readonly service: string; readonly resource: string }) | null {
  const [, partition, service, region, resource] = /^arn:([^:]*):([^:]*):([^:]*):\d*:(.+)$/s.exec(arn) ?? [];
  const host = Object.hasOwn(HOSTS, partition ?? "") ? HOSTS[partition!] : undefined;
  if (!host || !service || !resource || !isRegion(region)) return null;
  return { host, region, service, resource };
}

const isRegion = (region: string | undefined): region is string => /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(region ?? "");

function resourcePage(arn: string): Page | null {
  const place = placeOf(arn);
  if (place?.service !== "sagemaker") return null;
  const [type = "", ...rest] = place.resource.split("/");
  const known = Object.hasOwn(SAGEMAKER, type) ? SAGEMAKER[type] : undefined;
  const home = `https://${place.host}/sagemaker/home?region=${encodeURIComponent(place.region)}`;
  // A versioned model package has two parts in its name, and its page is in Studio.
  if (known && rest.length === 1 && rest[0]) {
    return { href: `${home}#/${known[0]}/${encodeURIComponent(rest[0])}`, name: known[1] };
  }
  return STUDIO.includes(type) ? { href: `${home}#/studio-landing`, name: "SageMaker Studio" } : null;
}

function bucketPage(uri: string, { host, region }: Place): Page | null {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  if (bucket === undefined || key === undefined) return null;
  // A key with a suffix is taken for an object: for a folder, the object's page would only show an error.
  const isObject = /\.[^./]+$/.test(key);
  const asked = `region=${encodeURIComponent(region)}&prefix=${encodeURIComponent(key)}`;
  const href = `https://${host}/s3/${isObject ? "object" : "buckets"}/${encodeURIComponent(bucket)}?${asked}`;
  return { href, name: isObject ? "the S3 object" : "the S3 bucket" };
}

/** An image URI names account, region, partition and repository, followed by the tag or digest. */
const IMAGE = /^(\d{12})\.dkr\.ecr\.([^.]+)\.amazonaws\.com(\.cn)?\/([^:@]+)/;

function imagePage(uri: string): Page | null {
  const [, account, region, china, repository] = IMAGE.exec(uri) ?? [];
  if (!account || !repository || !isRegion(region)) return null;
  const partition = china ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  const path = ["ecr", "repositories", "private", account, ...repository.split("/").map(encodeURIComponent)].join("/");
  const href = `https://${HOSTS[partition]}/${path}?region=${encodeURIComponent(region)}`;
  return { href, name: "the image's repository" };
}
