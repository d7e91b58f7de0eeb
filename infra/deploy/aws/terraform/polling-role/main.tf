# What Tripline needs to poll CloudWatch Logs in one account: a role that reads, and nothing else.

locals {
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id

  # each group itself (tags), and its streams (events)
  log_group_arns = flatten([
    for pattern in var.log_group_patterns : [
      "arn:${local.partition}:logs:*:${local.account}:log-group:${pattern}",
      "arn:${local.partition}:logs:*:${local.account}:log-group:${pattern}:*",
    ]
  ])
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.trusted_principal_arns
    }

    dynamic "condition" {
      for_each = var.external_id == null ? [] : [var.external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "polling" {
  statement {
    sid       = "FindLogGroups"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"] # AWS has no narrower form for it
  }

  statement {
    sid       = "ReadLogs"
    actions   = ["logs:FilterLogEvents", "logs:ListTagsForResource"]
    resources = local.log_group_arns
  }
}

resource "aws_iam_role" "polling" {
  name                 = var.role_name
  description          = "Read by Tripline: log groups of functions"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "polling" {
  name   = "polling"
  role   = aws_iam_role.polling.id
  policy = data.aws_iam_policy_document.polling.json
}
