variable "endpoint_url" {
  description = "Where Tripline listens, as the internet sees it: https, port 443, a certificate of a public authority, with its path"
  type        = string

  validation {
    condition     = can(regex("^https://[^/:]+(:443)?/", var.endpoint_url))
    error_message = "Firehose delivers by HTTPS to port 443 alone, such as https://logs.example.com/firehose."
  }
}

variable "access_key" {
  description = "listen.firehose.accessKey of Tripline's config"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.access_key) >= 32 && length(var.access_key) <= 4096
    error_message = "Make it long: 32 to 4,096 characters."
  }
}

variable "name" {
  description = "Of the delivery stream, and the beginning of all other names"
  type        = string
  default     = "tripline"
}

variable "subscribe_account" {
  description = "true: one filter for all log groups of the account in this region (AWS allows one); false: those of log_groups"
  type        = bool
  default     = false
}

variable "exclude_log_groups" {
  description = "With subscribe_account: log groups that are left out"
  type        = list(string)
  default     = []
}

variable "log_groups" {
  description = "Without subscribe_account: log groups to subscribe to (AWS allows two filters each)"
  type        = set(string)
  default     = []
}

variable "filter_pattern" {
  description = "Empty: every event. A filter that leaves REPORT lines out leaves Tripline blind"
  type        = string
  default     = ""
}

variable "buffering_seconds" {
  description = "How long Firehose waits for company; 0 delivers at once"
  type        = number
  default     = 0

  validation {
    condition     = var.buffering_seconds >= 0 && var.buffering_seconds <= 900
    error_message = "0 to 900."
  }
}

variable "buffering_mib" {
  description = "How much Firehose gathers at most"
  type        = number
  default     = 1

  validation {
    condition     = var.buffering_mib >= 1 && var.buffering_mib <= 64
    error_message = "1 to 64; more than listen.maxBodyMb would be refused."
  }
}

variable "retry_seconds" {
  description = "How long Firehose tries before what it holds goes to the bucket"
  type        = number
  default     = 7200

  validation {
    condition     = var.retry_seconds >= 0 && var.retry_seconds <= 7200
    error_message = "0 to 7200."
  }
}

variable "backup_days" {
  description = "How long what could not be delivered is kept"
  type        = number
  default     = 14
}

variable "kms_key_arn" {
  description = "Key of the bucket; null: the key that S3 manages"
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that can have some"
  type        = map(string)
  default     = {}
}
