Console.WriteLine("k42");
