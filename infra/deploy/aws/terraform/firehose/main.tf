# CloudWatch Logs -> subscription filter -> Firehose -> Tripline; what cannot be delivered goes to a bucket.

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.name
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

resource "aws_s3_bucket" "backup" {
  bucket_prefix = "${var.name}-undelivered-"
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "backup" {
  bucket                  = aws_s3_bucket.backup.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "backup" {
  bucket = aws_s3_bucket.backup.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "backup" {
  bucket = aws_s3_bucket.backup.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.backup_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  statement {
    sid       = "OnlyByTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.backup.arn, "${aws_s3_bucket.backup.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "backup" {
  bucket = aws_s3_bucket.backup.id
  policy = data.aws_iam_policy_document.bucket.json
}

# what Firehose says of its own failures
resource "aws_cloudwatch_log_group" "firehose" {
  name              = "/aws/kinesisfirehose/${var.name}"
  retention_in_days = var.backup_days
  tags              = var.tags
}

resource "aws_cloudwatch_log_stream" "delivery" {
  name           = "delivery"
  log_group_name = aws_cloudwatch_log_group.firehose.name
}

data "aws_iam_policy_document" "firehose_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "firehose" {
  statement {
    sid       = "KeepUndelivered"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${aws_s3_bucket.backup.arn}/*"]
  }

  statement {
    sid       = "FindBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.backup.arn]
  }

  statement {
    sid       = "TellFailures"
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.firehose.arn}:log-stream:${aws_cloudwatch_log_stream.delivery.name}"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]

    content {
      sid       = "EncryptUndelivered"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "firehose" {
  name               = "${var.name}-firehose-${local.region}"
  assume_role_policy = data.aws_iam_policy_document.firehose_trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "firehose" {
  name   = "delivery"
  role   = aws_iam_role.firehose.id
  policy = data.aws_iam_policy_document.firehose.json
}

resource "aws_kinesis_firehose_delivery_stream" "logs" {
  name        = var.name
  destination = "http_endpoint"
  tags        = var.tags

  server_side_encryption {
    enabled = true
  }

  http_endpoint_configuration {
    name               = "tripline"
    url                = var.endpoint_url
    access_key         = var.access_key
    role_arn           = aws_iam_role.firehose.arn
    buffering_size     = var.buffering_mib
    buffering_interval = var.buffering_seconds
    retry_duration     = var.retry_seconds
    s3_backup_mode     = "FailedDataOnly"

    request_configuration {
      content_encoding = "GZIP"
    }

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.firehose.name
      log_stream_name = aws_cloudwatch_log_stream.delivery.name
    }

    s3_configuration {
      role_arn           = aws_iam_role.firehose.arn
      bucket_arn         = aws_s3_bucket.backup.arn
      prefix             = "undelivered/"
      buffering_size     = 5
      buffering_interval = 300
      compression_format = "UNCOMPRESSED" # records are gzip already
    }
  }
}

data "aws_iam_policy_document" "logs_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["logs.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account}:*"]
    }
  }
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "PutLogs"
    actions   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    resources = [aws_kinesis_firehose_delivery_stream.logs.arn]
  }
}

resource "aws_iam_role" "logs" {
  name               = "${var.name}-logs-${local.region}"
  assume_role_policy = data.aws_iam_policy_document.logs_trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "logs" {
  name   = "subscription"
  role   = aws_iam_role.logs.id
  policy = data.aws_iam_policy_document.logs.json
}

resource "aws_cloudwatch_log_account_policy" "all" {
  count = var.subscribe_account ? 1 : 0

  policy_name = var.name
  policy_type = "SUBSCRIPTION_FILTER_POLICY"
  scope       = "ALL"

  policy_document = jsonencode({
    DestinationArn = aws_kinesis_firehose_delivery_stream.logs.arn
    RoleArn        = aws_iam_role.logs.arn
    FilterPattern  = var.filter_pattern
    Distribution   = "ByLogStream"
  })

  # the log group of Firehose's own failures must not feed the stream that failed
  selection_criteria = "LogGroupName NOT IN ${jsonencode(concat([aws_cloudwatch_log_group.firehose.name], var.exclude_log_groups))}"

  depends_on = [aws_iam_role_policy.logs]
}

resource "aws_cloudwatch_log_subscription_filter" "each" {
  for_each = var.subscribe_account ? toset([]) : var.log_groups

  name            = var.name
  log_group_name  = each.value
  destination_arn = aws_kinesis_firehose_delivery_stream.logs.arn
  role_arn        = aws_iam_role.logs.arn
  filter_pattern  = var.filter_pattern
  distribution    = "ByLogStream"

  depends_on = [aws_iam_role_policy.logs]
}
