"""Losses: functions of labels and predictions, and the collections they are kept in."""
